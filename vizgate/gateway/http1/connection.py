"""One client connection: the only place where wire, transport and pipeline are joined downstream.

In: ``Connection``, the life of each request on it (docs/life-of-a-request.md): accept -> read_head -> handle (route to
read response head) -> relay body -> complete. Not in: writing a response (``gateway.http1.reply``).
"""

from __future__ import annotations

import asyncio

from vizgate.errors import (
    BadBody,
    ClientGone,
    ConnectionDropped,
    DownstreamError,
    ExchangeError,
    RequestTimedOut,
    Termination,
)
from vizgate.gateway.borrowed import LastSite
from vizgate.gateway.http1.known_head import KnownHead
from vizgate.gateway.http1.linger import linger
from vizgate.gateway.http1.reply import ReplyWriter
from vizgate.gateway.http1.request_body import ArrivingBody, ReceivedBody
from vizgate.gateway.http1.tunnel import TunnelCopy
from vizgate.gateway.site import Site, run_callbacks
from vizgate.message.forwarding import PeerForwarding
from vizgate.message.heads import KIND_LENGTH, KIND_NONE, NO_BODY, RequestHead
from vizgate.message.template import SingleField
from vizgate.pipeline.body import EMPTY, Body, BytesBody
from vizgate.pipeline.replies import problem_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut
from vizgate.transport.wakeup import let_loop_poll
from vizgate.wire.bodies import make_decoder
from vizgate.wire.request import RequestReader
from vizgate.wire.serialize import response_head

# How long an idle connection is kept when the gateway stops: a request that crosses the end on the wire is lost, and a
# client cannot know whether it was served.
_DRAIN_GRACE_S = 0.25


class Connection:
    """Serves the requests that come on *stream*, one after the other, by the rules of *site*."""

    __slots__ = ("_arriving", "_closed", "_ended_s", "_has_left", "_is_gone", "_known", "_leftover", "_owes_continue",
                 "_reader", "_received_wall_s", "_reply", "_served", "_site", "_started_s", "_target",
                 "_task", "_tunneled", "is_idle", "stream")  # fmt: skip

    def __init__(self, stream: Stream, site: Site) -> None:
        self.stream = stream
        self._site = site
        server = site.server
        self._reader = RequestReader(server.codec, server.limits, server.sorter)
        peer = PeerForwarding(server.trust, stream.peer, "https" if stream.is_secure else site.scheme)
        self._known = KnownHead(peer)
        self._reply = ReplyWriter(stream, site.date, server.timeouts.write_s)
        self._leftover = b""
        self._arriving: ArrivingBody | None = None
        #: What the client asked for, whatever middleware makes of it.
        self._target = b""
        #: Whether the client waits for a 100 before it sends its body.
        self._owes_continue = False
        self._is_gone = False
        self._has_left = False
        self._closed: asyncio.Future[None] | None = None
        #: Bytes that the client sent into a tunnel.
        self._tunneled = 0
        self._served = 0
        self._started_s = 0.0
        self._received_wall_s = 0.0
        #: When the last request ended, in monotonic seconds.
        self._ended_s = 0.0
        #: Whether no request is being read or served.
        self.is_idle = True
        self._task = stream.loop.create_task(self.run())

    async def run(self) -> None:
        """Serve until either side is done with the connection."""
        try:
            while True:
                head: RequestHead | None = None
                try:
                    head = await self._read_head()
                    if head is None:
                        break
                    body = self._body_of(head)
                except DownstreamError as error:
                    await self._refuse(error, head)
                    break
                if not await self._serve(head, self._request(head, body)):
                    break
        except (StreamLost, StreamTimedOut):
            self.stream.abort()
        finally:
            self.stream.on_gone = None
            self._arriving = None  # an unfinished body knows this connection: a cycle, with all that was received
            self._close()

    def _close(self) -> None:
        """Close, and have the site forget this connection once everything written has left."""
        stream = self.stream
        if stream.is_lost:
            self._leave()
        else:
            stream.on_lost = self._leave
            stream.close(self._site.server.timeouts.write_s)

    def _leave(self) -> None:
        self._site.left(self)
        if self._closed is not None and not self._closed.done():
            self._closed.set_result(None)
        self._has_left = True

    def adopt(self) -> None:
        """Have requests be read by the present plan of the site: the next one, what has come of it already included.

        Without it, a field that only the gateway may set since a reload could still come from a client.
        """
        server = self._site.server
        self._reader.use(server.codec, server.limits, server.sorter)
        known = self._known
        known.peer = PeerForwarding(server.trust, known.peer.peer, known.peer.scheme)
        known.forget()
        self._reply.write_s = server.timeouts.write_s

    def leave(self) -> None:
        """End with the present request, or in a moment when there is none."""
        self._site = LastSite(self._site)
        self.drain()

    @property
    def served(self) -> int:
        """How many requests have been read."""
        return self._served

    def is_past(self, served: int) -> bool:
        """Whether what was under way when *served* requests had been read is over, or has become a tunnel."""
        return self.is_idle or self._has_left or self._served != served or self._reply.status == 101

    def drain(self) -> None:
        """Close in a moment if no request is being served: the next one may be on its way, and is still answered."""
        if self.is_idle and not self.stream.is_closing:
            self.stream.sweeper.watch(self.stream, self.stream.clock.monotonic() + _DRAIN_GRACE_S)

    def end(self) -> None:
        """End the present request where it stands. What the client was sent reaches it, and it can tell that more was
        to come.
        """
        self._task.cancel()

    def stop(self) -> None:
        """End the connection at once, whatever it does."""
        self._task.cancel()
        self.stream.abort()

    async def wait_closed(self) -> None:
        """Return when the connection has ended."""
        await asyncio.wait([self._task])
        if not self._has_left:
            if self._closed is None:
                self._closed = self.stream.loop.create_future()
                self._close()  # a task that was cancelled before its first step has not done it
            await asyncio.wait([self._closed])

    # read_head

    async def _read_head(self) -> RequestHead | None:
        """The next request head, or None when there will be none.

        Raises: DownstreamError: what came is no request, or came too slowly.
        """
        stream, reader, site = self.stream, self._reader, self._site
        timeouts = site.server.timeouts
        data, self._leftover = self._leftover, b""
        if data:
            await let_loop_poll()  # bytes behind the last response end its connection before this goes out on it
        now_s = self._ended_s or stream.clock.monotonic()
        deadline_s = now_s + (timeouts.idle_s if self._served else timeouts.head_s)
        self._started_s = 0.0
        while True:
            if not data:
                self.is_idle = reader.is_empty
                if self.is_idle and site.is_ending:
                    deadline_s = min(deadline_s, now_s + _DRAIN_GRACE_S)
                try:
                    data = await stream.receive(deadline_s)
                except StreamTimedOut as exc:
                    if reader.is_empty:
                        return None
                    stream.clear_timeout()
                    raise RequestTimedOut("the request head did not come in time") from exc
                if not data:
                    return None
                now_s = stream.clock.monotonic()
            self.is_idle = False
            if self._started_s == 0.0:
                self._started_s = now_s
                self._received_wall_s = stream.clock.wall()
                deadline_s = now_s + timeouts.head_s
            head = reader.feed(data)
            if head is not None:
                return head
            data = b""

    def _body_of(self, head: RequestHead) -> Body:
        """The body behind *head*. Raises: BadBody: what came of it already breaks its framing."""
        rest = self._reader.rest
        self._arriving = None
        framing = head.shape.framing
        self._owes_continue = False
        if framing.kind is KIND_NONE:
            self._leftover = rest
            return EMPTY
        decoder = make_decoder(framing, self._site.server.limits, BadBody, head.shape.named)
        content = decoder.feed(rest) if rest else b""
        # RFC 9110 10.1.1: "A server MAY omit sending a 100 (Continue) response if it has already received some or all
        # of the content".
        self._owes_continue = head.shape.expects_continue and not rest
        if decoder.done:
            self._leftover = decoder.rest
            return BytesBody(content) if framing.kind is KIND_LENGTH else ReceivedBody(content, decoder.trailers)
        body = ArrivingBody(self.stream, framing, decoder, self._site.server.upload, self._say_continue)
        body.begin(content)
        self._arriving = body
        return body

    def _request(self, head: RequestHead, body: Body) -> Request:
        site, shape = self._site, head.shape
        known = self._known
        if shape is not known.shape:
            known.learn(shape, is_logged=site.log is not None)
        self._target = head.target
        self._served += 1
        request_id = site.request_id(shape.asserted)
        own = SingleField(site.server.request_id_header, request_id.encode("latin-1"))
        request = Request.of(head.method, head.target, known.origin, own, request_id, body)
        if self._owes_continue:
            request.expects_continue = True
        if self.stream.certificate is not None:
            request.peer_certificate = self.stream.certificate
        if shape.minor:
            request.relay_interim = self._relay_interim
        return request

    # interim answers

    def _say_continue(self) -> None:
        if self._owes_continue and not self._reply.status:
            self._relay_interim(100, b"")

    def _relay_interim(self, status: int, lines: bytes) -> None:
        if status == 100:
            self._owes_continue = False
        self._reply.interim(status, lines)

    # handle, relay body, complete

    async def _serve(self, head: RequestHead, request: Request) -> bool:
        """Handle *request* and answer it; whether another may follow."""
        site, stream, reply = self._site, self.stream, self._reply
        reply.reset()
        site.cells.requests_active += 1
        outcome = request.outcome
        keep_alive, body = False, request.body
        try:
            stream.on_gone = self._client_gone
            if stream.is_gone:
                raise ClientGone  # noqa: TRY301  # one way out for all that went away
            response = await site.handle(request)
            if response.status == 101 and response.tunnel is not None:
                await self._run_tunnel(request, response)
            else:
                keep_alive = head.shape.keep_alive and self._may_keep_alive(request)
                if not reply.write_whole(request, response, keep_alive=keep_alive) or stream.is_writing_paused:
                    keep_alive = await reply.send(request, response, keep_alive=keep_alive)
        except asyncio.CancelledError:
            if not self._is_gone:
                outcome.termination = Termination.SHUTDOWN
                reply.break_off()
                raise
            self._task.uncancel()
            outcome.termination = Termination.CLIENT_ABORT
            # A client that has only ended its own side must not take half an answer for the whole.
            reply.break_off()
        except ExchangeError as error:
            outcome.termination = error.termination
            reply.break_off(reset=isinstance(error, ConnectionDropped))
        except (StreamLost, StreamTimedOut):
            outcome.termination = Termination.CLIENT_ABORT
            stream.abort()
        except (Exception, SystemExit, KeyboardInterrupt):  # noqa: BLE001  # whatever a plugin raises ends one answer
            outcome.termination = Termination.INTERNAL_ERROR
            site.report_failure(request)
            reply.fail(request)
        finally:
            stream.on_gone = None
            self._complete(request, body)
        if keep_alive:
            self._leftover = self._leftover if self._arriving is None else self._arriving.rest
        elif reply.ended and self._is_sending():
            await linger(self.stream)
        return keep_alive

    def _is_sending(self) -> bool:
        """Whether the client has sent, or goes on sending, what nobody will read."""
        arriving = self._arriving
        return bool(self._leftover) or self.stream.has_pending or (arriving is not None and not arriving.is_complete)

    def _client_gone(self) -> None:
        self._is_gone = True
        self._task.cancel()

    def _may_keep_alive(self, request: Request) -> bool:
        if self._site.is_draining:
            return False
        if self._arriving is not None and not self._arriving.is_complete:
            # Never answer early and then read the rest of a body as a request (CVE-2025-4366).
            return False
        # RFC 9931: bytes that a client sent on the chance of an upgrade must not become a request when it was refused.
        return not (request.upgrade and (self._leftover or self.stream.has_pending))

    async def _run_tunnel(self, request: Request, response: Response) -> None:
        stream = self.stream
        assert response.tunnel is not None
        extra = b"Connection: Upgrade\r\nUpgrade: " + response.tunnel.protocol + b"\r\n"
        stream.write(response_head(101, response.reason, response.field_lines(), NO_BODY, extra))
        self._reply.status = 101
        self._reply.ended = True
        stream.on_gone = None
        copy = TunnelCopy(stream, response.tunnel)
        early, self._leftover = self._leftover, b""
        try:
            request.outcome.termination = await copy.run(early)
        finally:
            self._reply.bytes_out = copy.bytes_out
            self._tunneled = copy.bytes_in

    def _complete(self, request: Request, body: Body = EMPTY) -> None:
        """The end of every request that was read, exactly once: let go of connections, count, log. Args: body: as it
        came, whatever middleware has made of it.
        """
        site, reply = self._site, self._reply
        if request.has_callbacks:
            run_callbacks(site, request)
        site.cells.requests_active -= 1
        arriving = self._arriving
        bytes_in = arriving.received_bytes if arriving is not None else self._tunneled or len(body.data or b"")
        self._ended_s = self.stream.clock.monotonic()
        duration_s = self._ended_s - self._started_s
        site.count(request, reply.status or 499, duration_s, bytes_in, reply.bytes_out)
        if site.log is not None:
            times = self._received_wall_s, duration_s
            site.log(self._known.record(request, self._target, reply, times, bytes_in))

    async def _refuse(self, error: DownstreamError, head: RequestHead | None) -> None:
        """Answer what could not be read as a request, and close (RFC 9112 2.2: respond with 400 and close)."""
        site, reply, stream = self._site, self._reply, self.stream
        now_s = stream.clock.monotonic()
        peer = self._known.peer
        request = Request("", self._reader.first_line.partition(b"\r\n")[0], client=peer.peer, scheme=peer.scheme)
        if head is not None:
            request.method, request.target = head.method, head.target
        request.id = site.request_id(())
        request.outcome.termination = error.termination
        self._started_s = self._started_s or now_s
        self._arriving = None
        self._target = request.target
        self._known.forget()
        reply.reset()
        site.cells.requests_active += 1
        try:
            response = problem_of(error, request.id)
            response.finish(SingleField(site.server.request_id_header, request.id.encode("latin-1")))
            await reply.send(request, response, keep_alive=False)
        except (StreamLost, StreamTimedOut):
            request.outcome.termination = Termination.CLIENT_ABORT
        finally:
            self._complete(request)
        await linger(self.stream)

    def __repr__(self) -> str:
        return f"<Connection {self._known.peer.peer} [{self._served} served, {'idle' if self.is_idle else 'busy'}]>"
