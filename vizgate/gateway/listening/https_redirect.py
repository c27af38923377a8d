"""Sending the clients of a plain listener to https.

In: ``HttpsRedirectSite``. Not in: redirects of single routes (``transform.redirect``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from vizgate.gateway.plan import ServerPlan
from vizgate.gateway.public import PublicSite, blocked_answer
from vizgate.message.headers import Field, Headers
from vizgate.observe.date import HttpDate
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import GatewayCells
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream


class HttpsRedirectSite:
    """See ``gateway.site.Site``. It is the public site, but for what it answers to requests that came by http.

    Args: port: of https.
    """

    scheme = "http"

    def __init__(self, site: PublicSite, port: int) -> None:
        self._site = site
        self._port = b"" if port == 443 else b":%d" % port

    def accept(self, stream: Stream) -> None:
        """Serve a new connection; it counts as one of the public site."""
        self._site.admit(stream, self)

    def handle(self, request: Request) -> Awaitable[Response]:
        """A 308 to the same target under https; health and metrics, and what a trusted proxy took by https, as ever."""
        if self._site.state.blocked.is_active and self._site.is_blocked(request):
            return blocked_answer(request)
        if request.scheme == "https" or request.path in self._site.plan.public_paths:
            return self._site.handle(request)
        return self._elsewhere(request)

    async def _elsewhere(self, request: Request) -> Response:
        host = host_of(request.authority).encode("latin-1")
        if not host or not request.target.startswith(b"/"):
            return problem(400, "this is served over https only, and the request names no host", request.id)
        # Only the host that the client has asked for itself, in a form that the parser has checked: nobody else can be
        # sent there. RFC 9110 15.4.9: with 308 "the user agent MUST NOT change the request method".
        location = b"https://%b%b%b" % (host, self._port, request.target)
        return Response(308, Headers([(b"Location", location)]))

    # Everything else is the public site's.

    @property
    def date(self) -> HttpDate:
        """See ``Site``."""
        return self._site.date

    @property
    def cells(self) -> GatewayCells:
        """See ``Site``."""
        return self._site.cells

    @property
    def is_draining(self) -> bool:
        """See ``Site``."""
        return self._site.is_draining

    @property
    def log(self) -> Callable[[ExchangeRecord], None] | None:
        """See ``Site``."""
        return self._site.log

    @property
    def server(self) -> ServerPlan:
        """See ``Site``."""
        return self._site.server

    def request_id(self, asserted: tuple[Field, ...]) -> str:
        """See ``Site``."""
        return self._site.request_id(asserted)

    def count(self, request: Request, status: int, duration_s: float, bytes_in: int, bytes_out: int) -> None:
        """See ``Site``."""
        self._site.count(request, status, duration_s, bytes_in, bytes_out)

    def report_failure(self, request: Request) -> None:
        """See ``Site``."""
        self._site.report_failure(request)

    def left(self, connection: object) -> None:
        """See ``Site``."""
        self._site.left(connection)

    def __repr__(self) -> str:
        return f"<HttpsRedirectSite {self._site!r}>"


def host_of(authority: str) -> str:
    """The host in *authority*, without its port; an IPv6 address keeps its brackets."""
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0]
