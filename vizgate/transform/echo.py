"""``builtin: echo``: answers with the request it saw.

In: ``Echo``. Not in: the limits on a request (``server.limits``), which hold before it comes here.
"""

from __future__ import annotations

import base64
import codecs
from typing import Any

from vizgate.pipeline.body import Body
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

#: How much of a body is held and sent back; the rest is counted.
MAX_ECHOED_BYTES = 64 * 1024


class Echo:
    """A handler for quick starts and tests.

    Answers 200 with JSON: ``method``, ``scheme``, ``authority``, ``path`` and ``query`` (as they came, undecoded),
    ``headers`` (pairs, in order), ``body`` and ``body_encoding`` (``utf-8``, or ``base64`` when it is not UTF-8 text),
    ``body_length`` (of the whole body), ``body_truncated``, ``client``, ``request_id``, ``route``. To HEAD it answers
    what it would answer to GET; the connection leaves the body out.
    """

    __slots__ = ()

    async def __call__(self, request: Request) -> Response:
        """Read the body to its end and describe the request."""
        body = await _read(request.body)
        return Response.json(
            200,
            {
                "method": request.method,
                "scheme": request.scheme,
                "authority": request.authority,
                "path": request.path,
                "query": request.query_string,
                "headers": request.headers.items(),
                **body,
                "client": request.client,
                "request_id": request.id,
                "route": request.route,
            },
        )

    def __repr__(self) -> str:
        return "<Echo>"


async def _read(body: Body) -> dict[str, Any]:
    kept, length = bytearray(), 0
    if body.data is not None:  # a body that was read before cannot be iterated again
        kept += body.data[:MAX_ECHOED_BYTES]
        length = len(body.data)
    else:
        async for chunk in body:
            kept += chunk[: MAX_ECHOED_BYTES - len(kept)]
            length += len(chunk)
    truncated = length > len(kept)
    text, encoding = _as_text(bytes(kept), truncated=truncated)
    return {"body": text, "body_encoding": encoding, "body_length": length, "body_truncated": truncated}


def _as_text(data: bytes, *, truncated: bool) -> tuple[str, str]:
    """*data* as text and the encoding used; a character cut in two by the truncation is left out."""
    try:
        return codecs.getincrementaldecoder("utf-8")().decode(data, final=not truncated), "utf-8"
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii"), "base64"
