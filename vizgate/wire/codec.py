"""The interface of HTTP/1.1 codecs.

In: ``HeadCodec``. Not in: the codecs, and how one is chosen (``wire.choice``).
"""

from __future__ import annotations

from typing import Protocol

from vizgate.errors import VizgateError
from vizgate.message.headers import Field


class CodecRejected(VizgateError):
    """The codec found a fault in a head that passed the strict grammar."""


class HeadCodec(Protocol):
    """Splits whole heads into fields. A codec keeps no state between calls."""

    name: str

    def request_fields(self, block: bytes) -> list[Field]:
        """The fields of the request head *block* in order, names as they came, values without outer white space.

        Raises: CodecRejected: not a request head to this codec.
        """
        ...

    def response_fields(self, block: bytes) -> list[Field]:
        """As ``request_fields``, for the head of a response."""
        ...
