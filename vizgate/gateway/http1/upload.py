"""Sends a request body that is still arriving while the response may already be coming back.

In: ``Upload``, the one task that a large request body costs. Not in: reading the body (``gateway.http1.request_body``).
"""

from __future__ import annotations

import asyncio

from vizgate.errors import ExchangeError, ResponseTimedOut
from vizgate.gateway.http1.target_context import TargetContext
from vizgate.pipeline.body import PIECES_A_TURN
from vizgate.pipeline.request import Request
from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut
from vizgate.wire.serialize import chunk, last_chunk

#: How long an upstream may leave ``Expect: 100-continue`` unanswered before the body is sent all the same
#: (RFC 9110 10.1.1: a client "SHOULD NOT wait for an indefinite period"; curl waits as long).
CONTINUE_WAIT_S = 1.0


class Upload:
    """Copies ``request.body`` to *stream* until its end; a failure downstream ends the wait for the response."""

    __slots__ = ("_gate", "_request", "_stream", "_target", "_task", "_timer", "is_sent", "response_began",
                 "response_deadline_s")  # fmt: skip

    def __init__(self, stream: Stream, request: Request, target: TargetContext) -> None:
        self._stream = stream
        self._request = request
        self._target = target
        self._gate: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        #: Whether the whole body has been written.
        self.is_sent = False
        #: Whether the response head is there, so that its deadline no longer counts.
        self.response_began = False
        #: When the response head must be there, in monotonic seconds; 0 while the body is being sent, or for never.
        self.response_deadline_s = 0.0
        if request.expects_continue:
            self._gate = stream.loop.create_future()
            self._timer = stream.loop.call_later(CONTINUE_WAIT_S, self.go_on)
        self._task = stream.loop.create_task(self._copy())
        self._task.add_done_callback(self._copied)

    def go_on(self) -> None:
        """The upstream wants the body, or has been silent for too long."""
        if self._gate is not None and not self._gate.done():
            self._gate.set_result(None)

    def cancel(self) -> None:
        """Stop sending; harmless afterwards."""
        self._task.cancel()
        if self._timer is not None:
            self._timer.cancel()

    async def _copy(self) -> None:
        if self._gate is not None:
            await self._gate
        stream, body = self._stream, self._request.body
        chunked = body.length is None
        sent = pieces = 0
        async for data in body:
            pieces += 1
            sent += len(data)
            if body.length is not None and sent > body.length:
                break
            if data:  # an empty chunk would be the last one
                stream.write(chunk(data) if chunked else data)
            if has_turn := pieces % PIECES_A_TURN == 0:
                await asyncio.sleep(0)
            if has_turn or stream.is_writing_paused:
                await stream.drain(self._deadline(self._target.timeouts.idle_s))
        if chunked:
            stream.write(last_chunk(body.trailers))
        elif sent != body.length:
            # A body that somebody else has read, or a plugin's own with a wrong length. The upstream waits for the
            # rest: what is sent next on this connection would be taken for it.
            raise RuntimeError(f"{sent} bytes of a request body of {body.length}")

    def _copied(self, task: asyncio.Task[None]) -> None:
        if task.cancelled():
            return
        error = task.exception()
        if error is None:
            self.is_sent = True
            self._start_response_deadline()
        elif isinstance(error, StreamTimedOut):
            self._stream.fail(ResponseTimedOut("the upstream stopped reading the request"))
        elif not isinstance(error, StreamLost):
            # An upstream that stopped reading may have answered before: its reader finds out. What the client did
            # wrong ends the attempt, and the upstream sees a request that is cut off.
            self._stream.fail(error if isinstance(error, ExchangeError) else RuntimeError("request body failed"))

    def _start_response_deadline(self) -> None:
        stream, deadline_s = self._stream, self._deadline(self._target.timeouts.response_s)
        if self.response_began or not deadline_s:
            return
        self.response_deadline_s = deadline_s
        if not stream.deadline_s or deadline_s < stream.deadline_s:
            stream.sweeper.watch(stream, deadline_s)

    def _deadline(self, timeout_s: float) -> float:
        return self._target.clock.monotonic() + timeout_s if timeout_s else 0.0
