"""The gateway as an ASGI 3 application.

In: ``AsgiApplication``: which scope goes where. Not in: serving one request (``gateway.asgi.http``,
``gateway.asgi.websocket``) and starting (``gateway.asgi.lifecycle``).
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from vizgate.gateway.asgi.http import serve_http
from vizgate.gateway.asgi.lifecycle import Keeper, Startable, run_lifespan
from vizgate.gateway.asgi.messages import Receive, Scope, Send
from vizgate.gateway.asgi.reply import AsgiReply
from vizgate.gateway.asgi.websocket import serve_websocket
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request

_log = logging.getLogger("vizgate.asgi")


class AsgiApplication:
    """Serves *gateway* under any ASGI server, alone or mounted in another application; its listeners stay closed.

    The parts of the gateway start with the server's lifespan, or with ``lifespan``, or else with the first request:
    frameworks do not pass the lifespan on to what is mounted in them.
    """

    def __init__(self, gateway: Startable) -> None:
        self._gateway = gateway
        self._keeper = Keeper(gateway)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI *scope*: ``http``, ``websocket`` or ``lifespan``.

        Raises: ValueError: another scope. ExchangeError: an answer broke off half-way.
        """
        kind = scope["type"]
        if kind == "lifespan":
            await run_lifespan(self._keeper, receive, send)
            return
        if kind not in ("http", "websocket"):
            raise ValueError(f"vizgate serves http, websocket and lifespan scopes, not {kind!r}")
        try:
            site = self._keeper.running or await self._keeper.start()
        except Exception:  # noqa: BLE001  # the next request may try again
            _log.exception("the gateway did not start, so a request is answered with 503")
            await _unavailable(scope, receive, send)
            return
        serve = serve_http if kind == "http" else serve_websocket
        await serve(site, self._gateway.state.clock, scope, receive, send)

    @asynccontextmanager
    async def lifespan(self, app: object = None) -> AsyncIterator[None]:  # noqa: ARG002  # frameworks pass themselves
        """Run the gateway's parts inside the block: ``FastAPI(lifespan=gateway.asgi.lifespan)``.

        Raises: StartFailed, and whatever else a part raises in its ``start``.
        """
        await self._keeper.start()
        try:
            yield
        finally:
            await self._keeper.stop()

    def __repr__(self) -> str:
        return f"<AsgiApplication of {self._gateway!r} {self._keeper!r}>"


async def _unavailable(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1011})
        return
    request = Request(scope["method"], b"/")
    await AsgiReply(scope, send, write_s=60.0).send(request, problem(503))
