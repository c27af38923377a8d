"""A target that speaks HTTP/1.1, as the forwarder sees it.

In: ``Http1Target``, which carries the usual attempt through by itself. Not in: its settings
(``gateway.http1.target_context``) and every other attempt (``gateway.http1.exchange``).
"""

from __future__ import annotations

from vizgate.errors import Termination
from vizgate.gateway.http1.exchange import Exchange
from vizgate.gateway.http1.target_context import TargetContext
from vizgate.message.methods import IDEMPOTENT
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.pool import PooledStream
from vizgate.transport.stream import StreamLost, StreamTimedOut
from vizgate.wire.serialize import whole_request


class Http1Target(TargetContext):
    """See ``pipeline.ports.TargetPort``."""

    __slots__ = ()

    async def exchange(self, request: Request) -> Response:
        """See ``TargetPort.exchange``.

        The usual attempt is one function: a request in memory goes out on a kept connection, and its whole answer comes
        in one piece (docs/adr/0010-usual-attempt.md). An ``Exchange`` makes all others, or goes on from here.
        """
        # Kept: by the time this attempt ends the request may be in another one.
        tell_ended = request.attempt_ended
        stream = self._take(request)
        if stream is None:
            return await Exchange(self, request, tell_ended).run()
        started_s = self.clock.monotonic()
        reader = stream.context
        data, head = b"", None
        try:
            content = request.body.data or b""
            stream.write(whole_request(request.method, request.target, self.lines_of(request), content))
            data = await stream.receive(self._response_deadline(started_s, request.deadline_s))
            head = reader.feed(data, to_head=request.method == "HEAD")
        except (StreamLost, StreamTimedOut):
            pass  # the wait of the exchange below ends in the same way, and it knows what that means
        except BaseException as error:
            self.give_up(stream, tell_ended, error)
            raise
        if head is None or len(reader.rest) != head.plain_length:
            return await Exchange(self, request, tell_ended).go_on(stream, head, started_s, answered=bool(data))
        now_s = self.clock.monotonic()
        request.outcome.upstream_s = elapsed_s = now_s - started_s
        self.cells.answer(elapsed_s)
        self.cells.ok += 1
        self.pool.give(stream, now_s)
        if tell_ended is not None:
            tell_ended(Termination.NORMAL)
        return Response.forwarded(head, self.template_of(head), BytesBody(reader.rest))

    def _take(self, request: Request) -> PooledStream | None:
        """A kept connection for *request*, if it is in memory and nothing about it is special; else None."""
        body = request.body
        if body.data is None or body.length is None or request.upgrade:
            return None
        return self.pool.take(careful=request.method not in IDEMPOTENT)

    def _response_deadline(self, now_s: float, request_s: float) -> float:
        """When the response head must be there: by ``timeouts.response``, or *request_s* when that is earlier."""
        response_s = self.timeouts.response_s
        if not response_s:
            return request_s
        return now_s + response_s if not request_s or now_s + response_s < request_s else request_s
