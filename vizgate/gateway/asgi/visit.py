"""What every request has that comes through ASGI, whatever its scope: a beginning, a ``Request``, a record.

In: ``Visit``. Not in: serving it (``gateway.asgi.http``, ``gateway.asgi.websocket``).
"""

from __future__ import annotations

import ipaddress

from vizgate.clock import Clock
from vizgate.errors import DownstreamError
from vizgate.gateway.asgi.intake import target_of
from vizgate.gateway.asgi.messages import Scope
from vizgate.gateway.public import PublicSite
from vizgate.gateway.site import run_callbacks
from vizgate.message.forwarding import PeerForwarding
from vizgate.message.heads import RequestHead
from vizgate.message.template import FieldTemplate, SingleField
from vizgate.observe.exchange import ExchangeRecord
from vizgate.pipeline.body import Body
from vizgate.pipeline.replies import problem_of
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

# What a WebSocket is to an upstream that is told about it: the request that it begins with.
_SCHEMES = {"ws": "http", "wss": "https"}


class Visit:
    """One request, from its scope to its record."""

    __slots__ = ("_clock", "_head", "_peer", "_scheme", "_scope", "_site", "_started_s", "_started_wall_s")

    def __init__(self, site: PublicSite, scope: Scope, clock: Clock) -> None:
        scheme: str = scope.get("scheme") or "http"
        self._scheme = _SCHEMES.get(scheme, scheme)
        self._peer = _peer_of(scope)
        self._scope = scope
        self._site = site
        self._clock = clock
        self._head: RequestHead | None = None
        self._started_s = clock.monotonic()
        self._started_wall_s = clock.wall()
        site.cells.requests_active += 1
        site.visits.add(self)

    def request(self, head: RequestHead, body: Body) -> Request:
        """The request that *head* and *body* make."""
        self._head = head
        site, shape = self._site, head.shape
        server = site.server
        forwarding = PeerForwarding(server.trust, self._peer, self._scheme)
        provenance = forwarding.provenance(shape.asserted, shape.authority, shape.minor)
        request_id = site.request_id(shape.asserted)
        request = Request(
            head.method,
            head.target,
            template=shape.template + FieldTemplate(provenance.fields),
            own=SingleField(server.request_id_header, request_id.encode("latin-1")),
            authority=shape.authority.decode("latin-1"),
            scheme=provenance.scheme,
            client=provenance.client,
            id=request_id,
            minor=shape.minor,
            body=body,
            upgrade=shape.upgrade,
        )
        request.expects_continue = shape.expects_continue
        return request

    def refusal(self, error: DownstreamError) -> tuple[Request, Response]:
        """What stands for a request that is none, and the answer to it."""
        scope, site = self._scope, self._site
        request = Request(scope.get("method", "GET"), _shown_target(scope), id=site.request_id(()))
        request.scheme, request.client = self._scheme, self._peer
        request.outcome.termination = error.termination
        response = problem_of(error, request.id)
        response.finish(SingleField(site.server.request_id_header, request.id.encode("latin-1")))
        return request, response

    def complete(self, request: Request, *, status: int, bytes_in: int, bytes_out: int) -> None:
        """The end of every request, exactly once: let go of connections, count, log. Args: status: 0 for none sent."""
        site = self._site
        run_callbacks(site, request)
        site.visits.discard(self)
        site.cells.requests_active -= 1
        duration_s = self._clock.monotonic() - self._started_s
        status = status or 499
        site.count(request, status, duration_s, bytes_in, bytes_out)
        if site.log is not None:
            site.log(self._record(request, status, duration_s, bytes_in, bytes_out))

    def _record(
        self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int
    ) -> ExchangeRecord:
        outcome, head = request.outcome, self._head
        record = ExchangeRecord(
            self._started_wall_s,
            duration_s,
            request.method,
            request.target if head is None else head.target,
            request.minor,
            request.authority,
            request.scheme,
            request.client,
            self._peer,
            request.id,
            request.route,
            outcome.service,
            outcome.upstream,
            outcome.attempts,
            outcome.upstream_s,
            status,
            bytes_in,
            bytes_out,
            outcome.termination,
            user="" if request.identity is None else request.identity.user,
        )
        if head is not None:
            for name, value in head.shape.template.fields:
                if name.lower() == b"user-agent":
                    record.user_agent = value
                elif name.lower() == b"referer":
                    record.referer = value
        return record

    def __repr__(self) -> str:
        return f"<Visit {self._scope.get('method', 'GET')} {self._scope['path']} from {self._peer or 'unknown'}>"


def _peer_of(scope: Scope) -> str:
    """The address of the client; "" where the server does not know one, as on a Unix socket."""
    client = scope.get("client")
    if not client:
        return ""
    try:
        return str(ipaddress.ip_address(client[0]))
    except ValueError:
        return ""


def _shown_target(scope: Scope) -> bytes:
    try:
        return target_of(scope)
    except DownstreamError:
        return bytes(scope.get("raw_path") or scope["path"].encode("utf-8", "replace"))
