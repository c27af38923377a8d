"""``respond``: one answer, made when the plan is compiled.

In: ``Respond``. Not in: problem answers of the gateway itself (``pipeline.replies``).
"""

from __future__ import annotations

import json

from vizgate.message.headers import Field, Headers
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import RespondConfig
from vizgate.transform.fields import static_fields


class Respond:
    """A handler that gives every request the same answer.

    The request body is left unread; whoever owns the connection drains it or closes.
    """

    __slots__ = ("_body", "_fields", "_status")

    def __init__(self, config: RespondConfig) -> None:
        content_type, data = _content(config)
        fields = list(static_fields(config.headers))
        if content_type and not any(name.lower() == b"content-type" for name, _ in fields):
            fields.insert(0, (b"Content-Type", content_type))
        self._status = config.status
        self._fields: tuple[Field, ...] = tuple(fields)
        self._body = BytesBody(data)

    async def __call__(self, _request: Request) -> Response:
        """The answer, with fields of its own, because middleware may change them."""
        return Response(self._status, Headers([*self._fields]), self._body)

    def __repr__(self) -> str:
        return f"<Respond [{self._status}, {self._body!r}]>"


def _content(config: RespondConfig) -> tuple[bytes, bytes]:
    if config.has_json:
        return b"application/json", json.dumps(config.json_, ensure_ascii=False, separators=(",", ":")).encode()
    if config.text is not None:
        return b"text/plain; charset=utf-8", config.text.encode()
    if config.body is not None:
        return b"application/octet-stream", config.body.encode()
    return b"", b""
