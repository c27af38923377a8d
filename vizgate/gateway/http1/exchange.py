"""One attempt at one target: connect/reuse, send request, read response head, relay body.

In: ``Exchange``. Not in: what a target is (``gateway.http1.target``) and which one is tried (``pipeline.forward``).
"""

from __future__ import annotations

from vizgate.errors import (
    ConnectFailed,
    ExchangeError,
    InvalidResponse,
    ResponseTimedOut,
    StaleConnection,
    Termination,
    UpstreamReset,
)
from vizgate.gateway.http1.target_context import TargetContext
from vizgate.gateway.http1.tunnel import TunnelTerms, UpstreamTunnel
from vizgate.gateway.http1.upload import Upload
from vizgate.message.heads import CHUNKED, KIND_LENGTH, KIND_NONE, KIND_UNTIL_CLOSE, Framing, ResponseHead
from vizgate.message.methods import IDEMPOTENT
from vizgate.message.template import FieldTemplate
from vizgate.pipeline.attempt import AttemptEnded
from vizgate.pipeline.body import EMPTY, Body, BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.pool import PooledStream
from vizgate.transport.stream import StreamLost, StreamTimedOut
from vizgate.wire.bodies import BodyDecoder, make_decoder
from vizgate.wire.response import ResponseReader
from vizgate.wire.serialize import chunk, last_chunk, request_head, whole_request

_MAX_INTERIM_ANSWERS = 32


class Exchange:
    """An attempt, from taking a connection to giving it back; iterating it gives the body of a response still arriving.

    It ends exactly once, by ``_finish`` or ``abort``, and reports to the target's cells when it does.
    """

    _stream: PooledStream | None = None
    _reader: ResponseReader | None = None
    _upload: Upload | None = None
    _head: ResponseHead | None = None
    _decoder: BodyDecoder | None = None
    _first = b""
    _ended = False
    #: Whether any byte of an answer has come on the present connection.
    _answered = False

    def __init__(self, target: TargetContext, request: Request, tell_ended: AttemptEnded | None) -> None:
        self._target = target
        self.request = request
        self._tell_ended = tell_ended

    async def run(self) -> Response:
        """The response, once its head is there. Raises: see ``TargetPort.exchange``."""
        started_s = self._target.clock.monotonic()
        try:
            careful = self.request.method not in IDEMPOTENT
            stream = self._target.pool.take(careful=careful) or await self._connect()
            self._send(stream)
        except BaseException as error:
            self.abort(_termination_of(error))
            raise
        return await self._answer(stream, None, started_s)

    async def go_on(
        self, stream: PooledStream, head: ResponseHead | None, started_s: float, *, answered: bool
    ) -> Response:
        """As ``run``, for an attempt whose request was written to *stream*.

        Args: head: the first one that came, None for none yet. started_s: when it was written, in monotonic seconds.
        answered: whether any byte of an answer came.
        """
        self._stream = stream
        self._reader = stream.context
        self._answered = answered
        return await self._answer(stream, head, started_s)

    async def _answer(self, stream: PooledStream, head: ResponseHead | None, started_s: float) -> Response:
        target = self._target
        try:
            try:
                head = await self._read_head(stream, started_s, head)
            except StaleConnection:
                # Closed on our side, too, and an attempt of its own in the metrics.
                stream.abort()
                if not self._may_send_again():
                    raise
                target.cells.end(Termination.UPSTREAM_RESET)
                # A fresh one: every idle connection may have been closed by the same restart.
                stream = await self._connect()
                self._send(stream)
                head = await self._read_head(stream, target.clock.monotonic(), None)
        except BaseException as error:
            self.abort(_termination_of(error))
            raise
        elapsed_s = target.clock.monotonic() - started_s
        self.request.outcome.upstream_s = elapsed_s
        target.cells.answer(elapsed_s)
        return self._response(head)

    def abort(self, termination: Termination = Termination.CLIENT_ABORT) -> None:
        """Give the attempt up and close its connection; nothing happens when it has ended."""
        if self._ended:
            return
        self._ended = True
        if self._upload is not None:
            self._upload.cancel()
        if self._stream is not None:
            self._stream.abort()
        self._report(termination)

    def _report(self, termination: Termination) -> None:
        self._target.cells.end(termination)
        if self._tell_ended is not None:
            self._tell_ended(termination)

    async def _connect(self) -> PooledStream:
        timeout_s, deadline_s = self._target.timeouts.connect_s, self.request.deadline_s
        if deadline_s:
            timeout_s = min(timeout_s, max(0.001, deadline_s - self._target.clock.monotonic()))
        try:
            return await self._target.pool.connect(timeout_s)
        except ConnectFailed as exc:
            if deadline_s and self._target.clock.monotonic() >= deadline_s:
                raise ResponseTimedOut("no connection before the time of the request was over") from exc
            raise

    def _may_send_again(self) -> bool:
        return self.request.method in IDEMPOTENT and self.request.body.data is not None

    # send request

    def _send(self, stream: PooledStream) -> None:
        self._stream = stream
        self._reader = stream.context
        if self._reader is None:
            self._reader = stream.context = self._target.new_reader()
        request = self.request
        body = request.body
        data = body.data
        if data is None or body.length is None:
            self._send_stream(stream, request, data)
            return
        extra = b"Connection: Upgrade\r\nUpgrade: " + request.upgrade + b"\r\n" if request.upgrade else b""
        lines = self._target.lines_of(request)
        stream.write(whole_request(request.method, request.target, lines, data, extra))

    def _send_stream(self, stream: PooledStream, request: Request, data: bytes | None) -> None:
        """Send a request whose body is still arriving, or came chunked and leaves as it came."""
        length = request.body.length
        framing = CHUNKED if length is None else Framing(KIND_LENGTH, length)
        extra = b"Expect: 100-continue\r\n" if data is None and request.expects_continue else b""
        stream.write(request_head(request.method, request.target, self._target.lines_of(request), framing, extra))
        if data is None:
            self._upload = Upload(stream, request, self._target)
        else:
            stream.write((chunk(data) if data else b"") + last_chunk(request.body.trailers))

    # read response head

    async def _read_head(self, stream: PooledStream, now_s: float, head: ResponseHead | None) -> ResponseHead:
        """The head of the final answer. Args: head: the first one, None when it has not come yet."""
        reader = self._reader
        assert reader is not None
        # While a body is being sent only the request's own deadline counts; ``Upload`` sets the other when it is done.
        deadline_s = self.request.deadline_s
        if self._upload is None and self._target.timeouts.response_s:
            response_s = now_s + self._target.timeouts.response_s
            deadline_s = min(deadline_s, response_s) if deadline_s else response_s
        if head is None:
            head = await self._next_head(stream, reader, b"", deadline_s)
        interim = 0
        while head.status < 200 and head.status != 101:
            interim += 1
            if interim > _MAX_INTERIM_ANSWERS:
                raise InvalidResponse("too many interim responses")
            self._relay_interim(head)
            head = await self._next_head(stream, reader, reader.rest, deadline_s)
        return head

    async def _next_head(
        self, stream: PooledStream, reader: ResponseReader, data: bytes, deadline_s: float
    ) -> ResponseHead:
        """The next head, of which *data* is there already."""
        to_head = self.request.method == "HEAD"
        head = reader.feed(data, to_head=to_head) if data else None
        while head is None:
            if self._upload is not None and self._upload.response_deadline_s:
                # The end of each wait clears the stream's deadline, and with it what ``Upload`` set.
                deadline_s = self._deadline_of(self._upload.response_deadline_s)
            try:
                data = await stream.receive(deadline_s)
            except StreamLost as exc:
                raise self._lost(stream) from exc
            except StreamTimedOut as exc:
                raise ResponseTimedOut("no response head in time") from exc
            if not data:
                raise self._lost(stream)
            self._answered = True
            head = reader.feed(data, to_head=to_head)
        return head

    def _deadline(self, timeout_s: float) -> float:
        """*timeout_s* from now (0 means never), or the request's own deadline when that is earlier."""
        if not timeout_s:
            return self.request.deadline_s
        return self._deadline_of(self._target.clock.monotonic() + timeout_s)

    def _deadline_of(self, deadline_s: float) -> float:
        """*deadline_s*, or the request's own deadline when that is earlier."""
        request_s = self.request.deadline_s
        return min(deadline_s, request_s) if request_s else deadline_s

    def _relay_interim(self, head: ResponseHead) -> None:
        if head.status == 100 and self._upload is not None:
            self._upload.go_on()
        if self.request.relay_interim is not None:
            self.request.relay_interim(head.status, head.template.lines)

    def _lost(self, stream: PooledStream) -> StaleConnection | UpstreamReset:
        if stream.reused and not self._answered:
            return StaleConnection("the upstream closed a kept connection")
        return UpstreamReset("the upstream closed the connection before its answer was complete")

    # read response head, continued: what becomes of it

    def _response(self, head: ResponseHead) -> Response:
        self._head = head
        if self._upload is not None:
            self._upload.response_began = True
        template = self._target.template_of(head)
        if head.status == 101:
            return self._tunnel_response(head, template)
        return Response.forwarded(head, template, self._body(head))

    def _body(self, head: ResponseHead) -> Body:
        assert self._reader is not None
        rest = self._reader.rest
        if head.framing.kind is KIND_NONE:
            self._finish(clean=not rest)
            return EMPTY
        if head.framing.kind is KIND_LENGTH and len(rest) == head.framing.length:
            self._finish(clean=True)
            return BytesBody(rest)
        decoder = self._decoder = make_decoder(head.framing, self._target.limits, InvalidResponse, head.named)
        try:
            content = decoder.feed(rest) if rest else b""
        except InvalidResponse:
            self.abort(Termination.UPSTREAM_INVALID)
            raise
        if decoder.done and head.framing.kind is KIND_LENGTH:
            self._finish(clean=not decoder.rest)
            return BytesBody(content)
        self._first = content
        self.request.on_complete(self.abort)
        length = head.framing.length if head.framing.kind is KIND_LENGTH else None
        return StreamBody(self, length, decoder.trailers)

    def _tunnel_response(self, head: ResponseHead, template: FieldTemplate) -> Response:
        assert self._stream is not None
        assert self._reader is not None
        offered = [item.strip() for item in self.request.upgrade.lower().split(b",")]
        if not self.request.upgrade or head.upgrade.lower() not in offered:
            self.abort(Termination.UPSTREAM_INVALID)
            raise InvalidResponse("the upstream switched protocols unasked")
        terms = TunnelTerms(head.upgrade, self._target.timeouts.idle_s)
        tunnel = UpstreamTunnel(self._stream, self._reader.rest, terms, self._end_tunnel)
        self.request.on_complete(tunnel.abort)
        return Response(101, None, EMPTY, reason=head.reason, template=template, tunnel=tunnel, local=False)

    def _end_tunnel(self, termination: Termination) -> None:
        if not self._ended:
            self._ended = True
            self._report(termination)

    # relay body

    def __aiter__(self) -> Exchange:
        return self

    async def __anext__(self) -> bytes:
        decoder, stream = self._decoder, self._stream
        assert decoder is not None
        assert stream is not None
        if self._first:
            content, self._first = self._first, b""
            return content
        try:
            while not decoder.done:
                if self.request.deadline_s and self._target.clock.monotonic() >= self.request.deadline_s:
                    raise ResponseTimedOut("no time left inside the answer")  # noqa: TRY301  # as below
                data = stream.take() or await stream.receive(self._deadline(self._target.timeouts.idle_s))
                if not data:
                    # RFC 9112 8: where only the end tells that an answer is whole, an incomplete close in TLS
                    # tells that it is not.
                    if stream.is_cut or not decoder.feed_eof():
                        raise UpstreamReset("the upstream cut its answer short")  # noqa: TRY301  # ``_break_off`` sees it
                    break
                content = decoder.feed(data)
                if content:
                    return content
        except BaseException as exc:
            self._break_off(exc)
            raise
        self._finish(clean=not decoder.rest)
        raise StopAsyncIteration

    def _break_off(self, exc: BaseException) -> None:
        """Abort, and map the stream's errors. Raises: UpstreamReset, ResponseTimedOut."""
        if isinstance(exc, StreamLost):
            self.abort(Termination.UPSTREAM_RESET)
            raise UpstreamReset("the upstream cut its answer short") from exc
        if isinstance(exc, StreamTimedOut):
            self.abort(Termination.UPSTREAM_TIMEOUT)
            raise ResponseTimedOut("the upstream stalled inside its answer") from exc
        self.abort(_termination_of(exc))

    def _finish(self, *, clean: bool) -> None:
        """The response is complete. Args: clean: whether no byte came after it."""
        self._ended = True
        stream, head = self._stream, self._head
        assert stream is not None
        assert head is not None
        sent = self._upload is None or self._upload.is_sent
        if self._upload is not None:
            self._upload.cancel()
        if clean and sent and head.keep_alive and head.framing.kind is not KIND_UNTIL_CLOSE:
            self._target.pool.give(stream, self._target.clock.monotonic())
        else:
            stream.close()
        self._report(Termination.NORMAL)

    def __repr__(self) -> str:
        return f"<Exchange {self.request.method} at {self._target.address} [{'ended' if self._ended else 'running'}]>"


def _termination_of(error: BaseException) -> Termination:
    return error.termination if isinstance(error, ExchangeError) else Termination.CLIENT_ABORT
