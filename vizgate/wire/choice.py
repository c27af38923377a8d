"""Which codec reads heads.

In: ``choose_codec``. Not in: the codecs (``wire.codec_httptools``, ``wire.codec_h11``).
"""

from __future__ import annotations

from importlib.util import find_spec

from vizgate.errors import VizgateError
from vizgate.wire.codec import HeadCodec


def choose_codec(name: str = "auto") -> HeadCodec:
    """The codec *name*: ``auto`` is httptools where it is installed, else h11.

    Raises: VizgateError: the codec asked for is not installed, or no codec has that name.
    """
    if name == "auto":
        name = "httptools" if find_spec("httptools") else "h11"
    if name == "httptools":
        if find_spec("httptools") is None:
            raise VizgateError("server.http: httptools is not installed; use h11 or install httptools")
        from vizgate.wire.codec_httptools import HttptoolsCodec  # only the codec in use is imported

        return HttptoolsCodec()
    if name == "h11":
        from vizgate.wire.codec_h11 import H11Codec

        return H11Codec()
    raise VizgateError(f"no HTTP/1.1 codec named {name!r}; there are auto, httptools and h11")
