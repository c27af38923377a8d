"""Writes responses to a client.

In: ``ReplyWriter``: how a response is framed for this client, and relay body. Not in: where the response comes from.
"""

from __future__ import annotations

import asyncio

from vizgate.errors import InvalidResponse
from vizgate.message.heads import CHUNKED, KIND_CHUNKED, KIND_LENGTH, KIND_UNTIL_CLOSE, NO_BODY, UNTIL_CLOSE, Framing
from vizgate.observe.date import HttpDate
from vizgate.pipeline.body import AT_ONCE_BYTES, PIECES_A_TURN, pieces_of
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream
from vizgate.wire.serialize import chunk, head_response_head, last_chunk, response_head, whole_response

_CLOSE = b"Connection: close\r\n"
_KEEP_ALIVE = b"Connection: keep-alive\r\n"
# RFC 9110 15.3.5 and 15.4.5.
_WITHOUT_BODY = frozenset({204, 304})


class ReplyWriter:
    """The answers on one connection; what it says about the last one is for the log.

    ``status``: what the client was told, 0 before its head was written. ``bytes_out``: body bytes written. ``ended``:
    whether the whole answer has been written.
    """

    __slots__ = ("_date", "_stream", "_until_close", "bytes_out", "ended", "status", "write_s")

    def __init__(self, stream: Stream, date: HttpDate, write_s: float) -> None:
        self._stream = stream
        self._date = date
        #: How long the client may leave what it is sent unread, in seconds.
        self.write_s = write_s
        # Such an answer is the last one on its connection, so this need not be set back.
        self._until_close = False
        self.reset()

    def reset(self) -> None:
        """Be ready for the next answer."""
        self.status = 0
        self.bytes_out = 0
        self.ended = False

    def interim(self, status: int, lines: bytes) -> None:
        """Write a 1xx answer with the whole field *lines*, unless the final one has begun."""
        if not self.status:
            self._stream.write(response_head(status, b"", lines, NO_BODY))

    def write_whole(self, request: Request, response: Response, *, keep_alive: bool) -> bool:
        """Write *response* in one piece if it is one with its body in memory, and no long one; whether it was."""
        body, status = response.body, response.status
        data = body.data
        if data is None or body.length is None or status in _WITHOUT_BODY or request.method == "HEAD":
            return False
        if len(data) > AT_ONCE_BYTES:
            return False
        extra = b"" if keep_alive and request.minor else _KEEP_ALIVE if keep_alive else _CLOSE
        whole = whole_response(status, response.reason, self._lines_of(response), data, extra)
        # Only now: what a plugin has left in the head may be no field at all.
        self.status = status
        self._stream.write(whole)
        self.bytes_out = len(data)
        self.ended = True
        return True

    async def send(self, request: Request, response: Response, *, keep_alive: bool) -> bool:
        """Write what is to be written of *response* yet, and wait for the client; whether it may send another request.

        Raises: StreamLost, StreamTimedOut: the client went away or stopped reading. Anything the body raises.
        """
        if not (self.ended or self.write_whole(request, response, keep_alive=keep_alive)):
            lines = self._lines_of(response)
            if request.method == "HEAD" or response.status in _WITHOUT_BODY:
                self._begin(response.status, self._bare_head(request, response, lines, keep_alive=keep_alive))
            else:
                keep_alive = await self._send_stream(request, response, lines, keep_alive=keep_alive)
            self.ended = True
        if self._stream.is_writing_paused:
            await self._stream.drain(self._stream.clock.monotonic() + self.write_s)
        return keep_alive

    def _lines_of(self, response: Response) -> bytes:
        lines = response.field_lines()
        return lines + b"Date: %b\r\nServer: vizgate\r\n" % self._date.value() if response.local else lines

    def _begin(self, status: int, data: bytes) -> None:
        self.status = status
        self._stream.write(data)

    def _bare_head(self, request: Request, response: Response, lines: bytes, *, keep_alive: bool) -> bytes:
        """The head of an answer that has no body: to HEAD, or by its status."""
        extra = b"" if keep_alive and request.minor else _KEEP_ALIVE if keep_alive else _CLOSE
        if response.status in _WITHOUT_BODY or not (response.local or response.body.data):
            return head_response_head(response.status, response.reason, lines, extra)
        # RFC 9110 9.3.2: a local answer to HEAD has the length that the answer to GET would have.
        return response_head(response.status, response.reason, lines, _framing(response, minor=request.minor), extra)

    async def _send_stream(self, request: Request, response: Response, lines: bytes, *, keep_alive: bool) -> bool:
        """Write a response whose body is still arriving, is left with its length untold, or is a long one."""
        framing = _framing(response, minor=request.minor)
        self._until_close = framing.kind is KIND_UNTIL_CLOSE
        keep_alive = keep_alive and not self._until_close
        extra = b"" if keep_alive and request.minor else _KEEP_ALIVE if keep_alive else _CLOSE
        self._begin(response.status, response_head(response.status, response.reason, lines, framing, extra))
        await self._relay_body(request, response, framing)
        return keep_alive

    async def _relay_body(self, request: Request, response: Response, framing: Framing) -> None:
        stream, body = self._stream, response.body
        chunked = framing.kind is KIND_CHUNKED
        pieces = 0
        async for content in body:
            for data in pieces_of(content):
                pieces += 1
                self.bytes_out += len(data)
                if framing.kind is KIND_LENGTH and self.bytes_out > framing.length:
                    raise InvalidResponse("a body longer than its length")
                if data:
                    stream.write(chunk(data) if chunked else data)
                if has_turn := pieces % PIECES_A_TURN == 0:
                    await asyncio.sleep(0)
                # After a turn also where nothing is in the way: that the client has left is told there.
                if has_turn or stream.is_writing_paused:
                    deadline_s = stream.clock.monotonic() + self.write_s
                    await stream.drain(min(deadline_s, request.deadline_s) if request.deadline_s else deadline_s)
        if framing.kind is KIND_LENGTH and self.bytes_out < framing.length:
            raise InvalidResponse("a body shorter than its length")
        if chunked:
            stream.write(last_chunk(body.trailers))

    def fail(self, request: Request) -> None:
        """End an answer that an exception has ended: with 500 where the client was told nothing yet."""
        if self.status:
            self.break_off()
        else:
            self.write_whole(request, problem(500, "", request.id), keep_alive=False)

    def break_off(self, *, reset: bool = False) -> None:
        """Make an answer that failed half-way look like it: no last chunk, too few bytes, or a reset."""
        if reset or self._until_close:
            # RFC 9112 8: such a body ends with the connection, so only a reset tells that it did not end well.
            self._stream.abort()
        else:
            self._stream.close()


def _framing(response: Response, *, minor: int) -> Framing:
    body = response.body
    if body.data is not None and body.length is not None:
        return Framing(KIND_LENGTH, len(body.data))
    if body.length is not None:
        return Framing(KIND_LENGTH, body.length)
    return CHUNKED if minor else UNTIL_CLOSE
