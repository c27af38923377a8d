"""Sends responses through an ASGI server.

In: ``AsgiReply``: what of a response is the gateway's to say, and relay body. Not in: where the response comes from.
"""

from __future__ import annotations

import asyncio

from vizgate.errors import ClientGone, InvalidResponse
from vizgate.gateway.asgi.messages import Message, Scope, Send
from vizgate.message.headers import Field
from vizgate.pipeline.body import AT_ONCE_BYTES, PIECES_A_TURN, pieces_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.wire.serialize import FRAMING_NAMES

# Servers write these themselves into every response, and each may stand there once (RFC 9110 5.3, 6.6.1, 10.2.4).
_SERVERS_OWN = frozenset({b"date", b"server"})
_LENGTH = b"content-length"


class AsgiReply:
    """The answer to one request; what it says about itself is for the log.

    ``status``: what the client was told, 0 before. ``bytes_out``: body bytes sent.

    Args: kind: the prefix of the messages. write_s: the longest time in seconds a client may leave unread what it is
    sent.
    """

    __slots__ = ("_kind", "_send", "_takes_trailers", "_write_s", "bytes_out", "status")

    def __init__(self, scope: Scope, send: Send, write_s: float, kind: str = "http.response") -> None:
        self._kind = kind
        self._send = send
        self._takes_trailers = "http.response.trailers" in (scope.get("extensions") or {})
        self._write_s = write_s
        self.status = 0
        self.bytes_out = 0

    async def send(self, request: Request, response: Response) -> None:
        """Send *response* whole.

        Raises: ClientGone: the client went away or stopped reading. Anything the body raises: the server must then be
        told by an exception that the answer is not complete.
        """
        body, status = response.body, response.status
        is_head = request.method == "HEAD"
        fields = end_to_end(response)
        has_no_body = status in (204, 304) or (is_head and not response.local and not body.data)
        length = None if has_no_body else body.length if body.data is None else len(body.data)
        if length is not None:
            fields = [field for field in fields if field[0] != _LENGTH]
            fields.append((_LENGTH, b"%d" % length))
        elif not has_no_body:
            fields = [field for field in fields if field[0] != _LENGTH]
        is_long = body.data is None or len(body.data) > AT_ONCE_BYTES
        streams = is_long and not has_no_body and not is_head
        start: Message = {"type": f"{self._kind}.start", "status": status, "headers": fields}
        trailers = streams and length is None and self._takes_trailers
        if trailers:
            start["trailers"] = True
        self.status = status
        await self._emit(start)
        if streams:
            await self._relay_body(response, length)
        else:
            await self._finish(b"" if has_no_body or is_head else body.data or b"")
        if trailers:
            headers = [(name.lower(), value) for name, value in body.trailers]
            await self._emit({"type": f"{self._kind}.trailers", "headers": headers, "more_trailers": False})

    async def _relay_body(self, response: Response, length: int | None) -> None:
        pieces = 0
        async for content in response.body:
            for data in pieces_of(content):
                pieces += 1
                self.bytes_out += len(data)
                if length is not None and self.bytes_out > length:
                    raise InvalidResponse("a body longer than its length")
                if data:
                    await self._emit({"type": f"{self._kind}.body", "body": data, "more_body": True})
                if pieces % PIECES_A_TURN == 0:
                    # A server need not wait for anything, least of all for a client that has left.
                    await asyncio.sleep(0)
        if length is not None and self.bytes_out < length:
            raise InvalidResponse("a body shorter than its length")
        await self._emit({"type": f"{self._kind}.body", "body": b"", "more_body": False})

    async def _finish(self, data: bytes) -> None:
        self.bytes_out = len(data)
        await self._emit({"type": f"{self._kind}.body", "body": data, "more_body": False})

    async def _emit(self, message: Message) -> None:
        try:
            async with asyncio.timeout(self._write_s):
                await self._send(message)
        except TimeoutError as exc:
            raise ClientGone("the client stopped reading") from exc
        except OSError as exc:
            # ASGI HTTP 2.4: "servers should raise a server-specific subclass of OSError" after a disconnect.
            raise ClientGone("the client went away") from exc

    def __repr__(self) -> str:
        return f"<AsgiReply {self.status} [{self.bytes_out} bytes out]>"


def end_to_end(response: Response) -> list[Field]:
    """The fields of *response* that are the gateway's to send, names in lower case as ASGI wants them."""
    fields = [(name.lower(), value) for name, value in response.final_fields()]
    return [
        field
        for field in fields
        if field[0] not in _SERVERS_OWN and (field[0] not in FRAMING_NAMES or field[0] == _LENGTH)
    ]
