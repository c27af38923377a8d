"""The admin listener's side of the gateway.

In: ``AdminSite``. Not in: what it answers (``gateway.admin.api``).
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from dataclasses import replace

from vizgate.gateway.admin.api import AdminApi
from vizgate.gateway.http1.connection import Connection
from vizgate.gateway.plan import ServerPlan
from vizgate.gateway.state import GatewayState
from vizgate.message.forwarding import TrustRules
from vizgate.message.headers import Field
from vizgate.observe.metrics import GatewayCells
from vizgate.observe.request_id import new_request_id
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream

_log = logging.getLogger("vizgate.admin")
_MAX_CONNECTIONS = 256


class AdminSite:
    """See ``gateway.site.Site``; its requests are in neither the access log nor the metrics of the public ones."""

    scheme = "http"
    #: A scrape every few seconds would only fill the log.
    log = None

    def __init__(self, server: ServerPlan, state: GatewayState, api: AdminApi) -> None:
        self.server = _own(server)
        self.date = state.date
        #: Its own, so that scrapes do not show among the requests of clients.
        self.cells = GatewayCells()
        # Orchestrators ask during a drain, too, so this site never drains; it is closed last.
        self.is_draining = self.is_ending = False
        self.connections: set[Connection] = set()
        self._state = state
        self._api = api

    def use(self, server: ServerPlan) -> None:
        """Go by another configuration from the next request on."""
        self.server = _own(server)

    def accept(self, stream: Stream) -> None:
        """Serve a new connection."""
        if len(self.connections) >= _MAX_CONNECTIONS:
            stream.close()
            return
        self.connections.add(Connection(stream, self))

    def left(self, connection: Connection) -> None:
        """See ``Site.left``."""
        self.connections.discard(connection)

    def request_id(self, asserted: tuple[Field, ...]) -> str:  # noqa: ARG002
        """See ``Site.request_id``."""
        return new_request_id(self._state.random)

    def handle(self, request: Request) -> Awaitable[Response]:
        """See ``Site.handle``."""
        return self._api.answer(request)

    def count(self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> None:
        """See ``Site.count``; only requests of clients are counted."""

    def report_failure(self, request: Request) -> None:
        """See ``Site.report_failure``."""
        _log.exception("admin request %s failed", request.path)

    def __repr__(self) -> str:
        return f"<AdminSite [{len(self.connections)} connections]>"


def _own(server: ServerPlan) -> ServerPlan:
    """*server*, which is that of the public listeners, for its limits. The peer itself asks: whatever it claims about
    others, the audit log names it.
    """
    return replace(server, trust=TrustRules())
