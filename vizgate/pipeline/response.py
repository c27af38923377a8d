"""The response as handlers and middleware see it.

In: ``Response`` and the tunnel port of an accepted upgrade. Not in: local answers (``pipeline.replies``).
"""

from __future__ import annotations

import json as _json
from typing import Any, Protocol

from vizgate.message.headers import Field, Headers
from vizgate.message.heads import ResponseHead
from vizgate.message.template import NO_FIELDS, FieldTemplate, field_lines
from vizgate.pipeline.body import Body, BytesBody


class Tunnel(Protocol):
    """The byte stream behind an upstream's 101.

    ``protocol``: what was switched to, as the upstream named it. ``idle_s``: the longest silence of both sides in
    seconds, 0 for any.
    """

    protocol: bytes
    idle_s: float

    async def receive(self) -> bytes:
        """The next bytes; ``b""`` at the end. Raises: UpstreamReset: the connection broke."""
        ...

    async def send(self, data: bytes) -> None:
        """Write and wait until the peer keeps up. Raises: UpstreamReset: the connection broke."""
        ...

    def send_eof(self) -> None:
        """Say that no more bytes will be sent."""
        ...

    def close(self) -> None:
        """Close after everything sent has gone out: both sides have ended well."""
        ...

    def abort(self) -> None:
        """Give the connection up at once; harmless when it is closed."""
        ...


class Response:
    """An answer on its way back.

    ``headers`` holds end-to-end fields only: length and framing come from ``body``, so a middleware that replaces the
    body has nothing else to mend. ``tunnel`` is set when ``status`` is 101. ``local``: answered by the gateway itself.

    Args: headers: the fields; without it they are those of *template*, made when they are asked for.
    """

    __slots__ = ("_headers", "_own", "body", "local", "reason", "status", "template", "tunnel")

    def __init__(  # noqa: PLR0913  # a value object: all but three are named
        self,
        status: int,
        headers: Headers | None = None,
        body: Body | bytes = b"",
        *,
        reason: bytes = b"",
        template: FieldTemplate = NO_FIELDS,
        tunnel: Tunnel | None = None,
        local: bool = True,
    ) -> None:
        self.status = status
        self._headers = headers
        self.template = template
        self._own: FieldTemplate = NO_FIELDS
        if isinstance(body, str):
            raise TypeError("a body is bytes. Use Response.text, or encode it")
        self.body: Body = BytesBody(body) if isinstance(body, bytes) else body
        self.reason = reason
        self.tunnel = tunnel
        self.local = local

    @classmethod
    def forwarded(cls, head: ResponseHead, template: FieldTemplate, body: Body) -> Response:
        """The answer of an upstream that began with *head*: each request has one, and naming arguments is slow."""
        self = cls.__new__(cls)
        self.status = head.status
        self._headers = None
        self.template = template
        self._own = NO_FIELDS
        self.body = body
        self.reason = head.reason
        self.tunnel = None
        self.local = False
        return self

    @property
    def headers(self) -> Headers:
        """The end-to-end fields."""
        headers = self._headers
        if headers is None:
            headers = self._headers = Headers([*self.template.fields])
        return headers

    @property
    def has_headers(self) -> bool:
        """Whether the fields have been taken apart, so that somebody may have changed them."""
        return self._headers is not None

    def finish(self, own: FieldTemplate) -> None:
        """Say what the gateway itself has to say, after everybody else has had a say.

        It replaces what was said before: a plugin may give the same response to many requests.
        """
        self._own = own

    def final_fields(self) -> list[Field]:
        """``headers`` and what the gateway itself has to say."""
        return [*self.headers.raw, *self._own.fields]

    def field_lines(self) -> bytes:
        """``final_fields`` as whole lines."""
        lines = self.template.lines if self._headers is None else field_lines(self._headers.raw)
        return lines + self._own.lines

    @classmethod
    def json(cls, status: int, value: Any, content_type: str = "application/json") -> Response:
        """A response whose body is *value* as JSON."""
        data = _json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return cls(status, Headers([(b"Content-Type", content_type.encode("latin-1"))]), data)

    @classmethod
    def text(cls, status: int, value: str) -> Response:
        """A plain-text response in UTF-8."""
        return cls(status, Headers([(b"Content-Type", b"text/plain; charset=utf-8")]), value.encode())

    def __repr__(self) -> str:
        return f"<Response {self.status} [{len(self.headers)} fields, {self.body!r}]>"
