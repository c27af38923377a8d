"""One HTTP request that comes through an ASGI server.

In: ``serve_http``, which has the steps of ``gateway.http1.connection``: head, handle, relay body, complete. Not in:
connections, framing and keep-alive, which are the server's.
"""

from __future__ import annotations

import asyncio

from vizgate.clock import Clock
from vizgate.errors import ClientGone, DownstreamError, ExchangeError, Termination
from vizgate.gateway.asgi.inbox import AsgiBody, Inbox
from vizgate.gateway.asgi.intake import read_head
from vizgate.gateway.asgi.messages import Receive, Scope, Send
from vizgate.gateway.asgi.reply import AsgiReply
from vizgate.gateway.asgi.visit import Visit
from vizgate.gateway.asgi.watch import ClientWatch
from vizgate.gateway.isolation.guards.middleware import PluginFailed
from vizgate.gateway.public import PublicSite
from vizgate.message.heads import RequestHead
from vizgate.pipeline.body import EMPTY, Body
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request


async def serve_http(site: PublicSite, clock: Clock, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer the request of *scope*, an ``http`` scope.

    Raises: ExchangeError: the answer broke off half-way; the server must not let it look complete.
    """
    visit = Visit(site, scope, clock)
    answer = site.answering()
    reply = AsgiReply(scope, send, site.server.timeouts.write_s)
    try:
        head = read_head(scope, site.server)
    except DownstreamError as error:
        await _refuse(visit, reply, error)
    else:
        await _HttpExchange(site, visit, reply, receive).run(head, clock, answer)


async def _refuse(visit: Visit, reply: AsgiReply, error: DownstreamError) -> None:
    request, response = visit.refusal(error)
    try:
        await reply.send(request, response)
    except ClientGone:
        request.outcome.termination = Termination.CLIENT_ABORT
    finally:
        visit.complete(request, status=reply.status, bytes_in=0, bytes_out=reply.bytes_out)


class _HttpExchange:
    """A request whose head is good."""

    __slots__ = ("_inbox", "_reply", "_site", "_visit", "_watch")

    def __init__(self, site: PublicSite, visit: Visit, reply: AsgiReply, receive: Receive) -> None:
        self._site = site
        self._visit = visit
        self._reply = reply
        self._watch = ClientWatch()
        self._inbox = Inbox(receive, self._watch)

    async def run(self, head: RequestHead, clock: Clock, answer: Handler) -> None:
        """Have *answer* handle it, and send what that gives. Raises: ExchangeError: see ``serve_http``."""
        request = self._visit.request(head, EMPTY)
        outcome, body = request.outcome, request.body
        try:
            body = request.body = await self._inbox.open(head.shape.framing, self._site.server.upload, clock)
            response = await answer(request)
            await self._reply.send(request, response)
        except asyncio.CancelledError:
            outcome.termination = Termination.CLIENT_ABORT if self._watch.is_gone else Termination.SHUTDOWN
            if not self._watch.absorb():
                raise
        except ClientGone as error:
            outcome.termination = error.termination
        except ExchangeError as error:
            outcome.termination = error.termination
            raise
        except (Exception, SystemExit, KeyboardInterrupt) as error:
            outcome.termination = Termination.INTERNAL_ERROR
            self._site.report_failure(request)
            # Never as it is: a server that sees SystemExit ends.
            raise PluginFailed from error
        finally:
            self._inbox.close()
            self._watch.close()
            self._complete(request, body)

    def _complete(self, request: Request, body: Body) -> None:
        """Args: body: as it came, whatever middleware has made of it."""
        reply = self._reply
        bytes_in = body.received_bytes if isinstance(body, AsgiBody) else len(body.data or b"")
        self._visit.complete(request, status=reply.status, bytes_in=bytes_in, bytes_out=reply.bytes_out)

    def __repr__(self) -> str:
        return f"<_HttpExchange {self._visit!r} {self._reply!r}>"
