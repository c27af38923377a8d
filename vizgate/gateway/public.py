"""The public listeners' side of the gateway.

In: ``PublicSite``: the present plan, its requests' records, connection limits. Not in: connections themselves.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

from vizgate.errors import Termination
from vizgate.gateway.dispatch import dispatch
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.http1.connection import Connection
from vizgate.gateway.plan import GatewayPlan, ServerPlan
from vizgate.gateway.site import Site
from vizgate.gateway.state import GatewayState
from vizgate.message.headers import Field
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.request_id import is_acceptable, new_request_id
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream

_log = logging.getLogger("vizgate.connection")

_FULL = (
    b"HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/problem+json\r\nContent-Length: 65\r\n"
    b"Retry-After: 1\r\nConnection: close\r\n\r\n"
    b'{"type":"about:blank","title":"Service Unavailable","status":503}'
)


class PublicSite:
    """See ``gateway.site.Site``. Args: log: takes the records for the access log, None when it is off."""

    scheme = "http"

    def __init__(
        self, plan: GatewayPlan, state: GatewayState, endpoints: Endpoints, log: Callable[[ExchangeRecord], None] | None
    ) -> None:
        self.plan = plan
        self.state = state
        self.date = state.date
        self.is_draining = self.is_ending = False
        self.log = log
        #: Requests that come another way than by connections of the gateway's own.
        self.visits: set[object] = set()
        self.connections: set[Connection] = set()
        self.cells = state.metrics.gateway
        self._endpoints = endpoints
        self._seat = state.membership.seat
        #: Connections whose handshake goes on.
        self.arriving = 0
        self._turned_away = state.metrics.counters(
            "requests_blocked", "Requests of clients that an operator has blocked."
        ).of()
        self._failures = state.metrics.counters(
            "connections_failed", "Connections that ended before their first request could come.", ("reason",)
        )

    @property
    def server(self) -> ServerPlan:
        """See ``Site.server``."""
        return self.plan.server

    def use(self, plan: GatewayPlan, log: Callable[[ExchangeRecord], None] | None) -> None:
        """Serve by *plan* from the next request of each connection on, and give records to *log*."""
        is_read_otherwise = not plan.server.is_like(self.plan.server) or (self.log is None) is not (log is None)
        self.plan, self.log = plan, log
        if is_read_otherwise:
            for connection in self.connections:
                connection.adopt()

    def answering(self) -> Handler:
        """What answers requests that were read by the present plan, also when another one comes before they can be."""
        return partial(self._by, self.plan)

    def accept(self, stream: Stream) -> None:
        """Serve a new connection, or turn it away when there are too many."""
        self.admit(stream, self)

    def admit(self, stream: Stream, site: Site) -> None:
        """As ``accept``; *site* answers, which is this one or lends everything else from it."""
        self.cells.connections_total += 1
        if not self._has_room():
            stream.write(_FULL)
            stream.close()
            return
        self.cells.connections_active += 1
        self.connections.add(Connection(stream, site))
        self._tell()

    def _has_room(self) -> bool:
        here = len(self.connections) + self.arriving
        elsewhere = 0 if self._seat is None else self._seat.connections_elsewhere
        return here + elsewhere < self.plan.server.max_connections

    def _tell(self) -> None:
        """Let the other workers know how many connections are here."""
        if self._seat is not None:
            self._seat.tell(len(self.connections) + self.arriving)

    def enter(self) -> bool:
        """See ``transport.arrival.arrivals.Hall``: handshakes count as connections."""
        if not self._has_room():
            self.failed("full")
            return False
        self.arriving += 1
        self._tell()
        return True

    def leave(self) -> None:
        """See ``Hall``."""
        self.arriving -= 1
        self._tell()

    def failed(self, reason: str) -> None:
        """See ``Hall``."""
        self._failures.of(reason).value += 1

    def left(self, connection: Any) -> None:
        """See ``Site.left``."""
        self.connections.discard(connection)
        self.cells.connections_active -= 1
        self._tell()

    def request_id(self, asserted: tuple[Field, ...]) -> str:
        """See ``Site.request_id``; the client's own id is taken only where ``observe.request_id.trust`` says so."""
        server = self.plan.server
        if asserted and server.trust_request_id:
            wanted = server.request_id_header.lower()
            for name, value in asserted:
                if name.lower() == wanted and is_acceptable(value):
                    return value.decode("ascii")
        return new_request_id(self.state.random)

    def handle(self, request: Request) -> Awaitable[Response]:
        """See ``Site.handle``."""
        plan = self.plan
        if self.state.blocked.is_active and self.is_blocked(request):
            return blocked_answer(request)
        if plan.public_paths and request.path in plan.public_paths:
            return self._endpoints.answer(request)
        return dispatch(plan, request, self.state.clock)

    def is_blocked(self, request: Request) -> bool:
        """Whether an operator keeps the client of *request* out."""
        state = self.state
        if state.blocked.find(request.client, state.clock.monotonic()) is None:
            return False
        self._turned_away.value += 1
        return True

    # ``handle``, without its call there: it is made for every request.
    def _by(self, plan: GatewayPlan, request: Request) -> Awaitable[Response]:
        if self.state.blocked.is_active and self.is_blocked(request):
            return blocked_answer(request)
        if plan.public_paths and request.path in plan.public_paths:
            return self._endpoints.answer(request)
        return dispatch(plan, request, self.state.clock)

    def count(self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> None:
        """See ``Site.count``."""
        cells = self.state.metrics.route(request.route)
        cells.complete(request.method, status, duration_s, bytes_in, bytes_out, request.outcome.termination)

    def report_failure(self, request: Request) -> None:
        """See ``Site.report_failure``."""
        error = sys.exception()
        if error is None or not self.state.faults.blame("answer", error, request):
            _log.exception("request %s failed while its answer was being sent", request.id)

    def __repr__(self) -> str:
        return f"<PublicSite [{len(self.connections)} connections, {self.cells.requests_active} requests in flight]>"


async def blocked_answer(request: Request) -> Response:
    """What a client is told that is kept out: not for how long."""
    request.outcome.termination = Termination.LOCAL_ANSWER
    response = problem(403, "This client is blocked.", request.id)
    response.finish(request.own)
    return response
