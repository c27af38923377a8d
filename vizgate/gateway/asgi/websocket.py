"""One WebSocket that comes through an ASGI server: an upgrade on the upstream's side, messages on the client's.

In: ``serve_websocket``: handshake, relay, complete. Not in: frames (``gateway.asgi.frames``). The request goes through
the same plan as any other, so routes, middleware, rewriting and the choice of a target apply to it.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from vizgate.clock import Clock
from vizgate.errors import BadRequest, ClientGone, DownstreamError, ExchangeError, Termination
from vizgate.gateway.asgi.intake import read_head
from vizgate.gateway.asgi.messages import Message, Receive, Scope, Send
from vizgate.gateway.asgi.reply import AsgiReply, end_to_end
from vizgate.gateway.asgi.visit import Visit
from vizgate.gateway.asgi.watch import ClientWatch
from vizgate.gateway.isolation.guards.middleware import PluginFailed
from vizgate.gateway.public import PublicSite
from vizgate.message.headers import Field, encode_value
from vizgate.message.heads import RequestHead
from vizgate.pipeline.body import EMPTY
from vizgate.pipeline.replies import problem, problem_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

if TYPE_CHECKING:
    from vizgate.gateway.asgi.frames import FrameRelay, UpstreamHandshake

_log = logging.getLogger("vizgate.asgi")

_DENIAL = "websocket.http.response"
# RFC 6455 7.4.1: "a server is terminating the connection because it encountered an unexpected condition".
_CLOSE_INTERNAL = 1011


async def serve_websocket(site: PublicSite, clock: Clock, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve the WebSocket of *scope*, a ``websocket`` scope, to its end."""
    if (await receive())["type"] != "websocket.connect":
        return
    visit = Visit(site, scope, clock)
    socket = _Socket(site, visit, scope, (receive, send))
    try:
        head = read_head(scope, site.server)
        subprotocols = _offered(scope)
    except DownstreamError as error:
        await socket.refuse(error)
    else:
        await socket.run(head, subprotocols)


def _offered(scope: Scope) -> list[str]:
    """The subprotocols that the client offers. Raises: BadRequest: they cannot stand in a field."""
    offered = [str(item) for item in scope.get("subprotocols") or ()]
    try:
        encode_value(", ".join(offered))
    except ValueError as exc:
        raise BadRequest("malformed Sec-WebSocket-Protocol") from exc
    return offered


class _Socket:
    """A WebSocket between ``websocket.connect`` and its record."""

    __slots__ = ("_receive", "_relay", "_reply", "_scope", "_send", "_site", "_status", "_visit", "_watch")

    def __init__(self, site: PublicSite, visit: Visit, scope: Scope, channel: tuple[Receive, Send]) -> None:
        self._receive, self._send = channel
        self._site = site
        self._scope = scope
        self._visit = visit
        self._reply = AsgiReply(scope, self._send, site.server.timeouts.write_s, _DENIAL)
        self._watch = ClientWatch()
        self._relay: FrameRelay | None = None
        self._status = 0

    async def refuse(self, error: DownstreamError) -> None:
        """Answer a request that may not be forwarded."""
        request, response = self._visit.refusal(error)
        try:
            await self._deny(request, response)
        except ClientGone:
            request.outcome.termination = Termination.CLIENT_ABORT
        finally:
            self._complete(request)

    async def run(self, head: RequestHead, subprotocols: list[str]) -> None:
        """Connect to the upstream and relay until either side ends."""
        request = self._visit.request(head, EMPTY)
        outcome = request.outcome
        coming = asyncio.ensure_future(self._receive())
        coming.add_done_callback(self._came)
        try:
            await self._serve(request, subprotocols, coming)
        except asyncio.CancelledError:
            outcome.termination = Termination.CLIENT_ABORT if self._watch.is_gone else Termination.SHUTDOWN
            if not self._watch.absorb():
                raise
        except ExchangeError as error:
            outcome.termination = error.termination
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            outcome.termination = Termination.INTERNAL_ERROR
            self._site.report_failure(request)
            # As in ``gateway.asgi.http``.
            raise PluginFailed from error
        finally:
            coming.cancel()
            self._watch.close()
            self._complete(request)

    def _came(self, coming: asyncio.Future[Message]) -> None:
        # Before the WebSocket is accepted, the client can only go.
        if not coming.cancelled():
            self._watch.gone()

    async def _serve(self, request: Request, subprotocols: list[str], coming: asyncio.Future[Message]) -> None:
        handshake = _handshake(subprotocols)
        if handshake is None:
            request.outcome.termination = Termination.INTERNAL_ERROR
            await self._deny(request, problem(500, "", request.id))
            return
        fields = [field for field in request.headers.raw if not field[0].lower().startswith(b"sec-websocket-")]
        request.headers.raw[:] = [*fields, *handshake.fields]
        response = await self._site.handle(request)
        tunnel = response.tunnel
        if tunnel is None:
            await self._deny(request, response)
            return
        try:
            handshake.finish(response)
        except ExchangeError as error:
            request.outcome.termination = error.termination
            await self._deny(request, problem_of(error, request.id))
            return
        coming.remove_done_callback(self._came)
        if coming.done():
            raise ClientGone
        await self._accept(response, handshake.subprotocol)
        relay = self._relay = handshake.relay(tunnel, self._site.server.timeouts.write_s)
        request.outcome.termination = await relay.run(coming, self._receive, self._send)

    async def _accept(self, response: Response, subprotocol: str | None) -> None:
        headers: list[Field] = [
            field
            for field in end_to_end(response)
            if field[0] != b"content-length" and not field[0].startswith(b"sec-websocket-")
        ]
        await self._emit({"type": "websocket.accept", "subprotocol": subprotocol, "headers": headers})
        self._status = 101

    async def _deny(self, request: Request, response: Response) -> None:
        if _DENIAL in (self._scope.get("extensions") or {}):
            await self._reply.send(request, response)
            return
        # Without that extension of ASGI a refusal has no status of its own: the server answers with 403.
        self._status = 403
        await self._emit({"type": "websocket.close", "code": _CLOSE_INTERNAL})

    async def _emit(self, message: Message) -> None:
        try:
            await self._send(message)
        except OSError as exc:
            raise ClientGone("the client went away") from exc

    def _complete(self, request: Request) -> None:
        relay, reply = self._relay, self._reply
        bytes_in, bytes_out = (0, reply.bytes_out) if relay is None else (relay.bytes_in, relay.bytes_out)
        self._visit.complete(request, status=self._status or reply.status, bytes_in=bytes_in, bytes_out=bytes_out)

    def __repr__(self) -> str:
        return f"<_Socket {self._visit!r} [{self._status or 'connecting'}]>"


def _handshake(subprotocols: list[str]) -> UpstreamHandshake | None:
    try:
        from vizgate.gateway.asgi.frames import UpstreamHandshake
    except ImportError:
        _log.error("a WebSocket was refused: relaying needs the package websockets. Run: pip install 'vizgate[asgi]'")
        return None
    return UpstreamHandshake(subprotocols)
