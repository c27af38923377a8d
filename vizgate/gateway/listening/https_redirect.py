"""Sending the clients of a plain listener to https.

In: ``HttpsRedirectSite``. Not in: redirects of single routes (``transform.redirect``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.gateway.borrowed import BorrowedSite
from vizgate.gateway.public import PublicSite, blocked_answer
from vizgate.message.headers import Headers
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.stream import Stream


class HttpsRedirectSite(BorrowedSite):
    """See ``gateway.site.Site``. It is the public site, but for what it answers to requests that came by http.

    Args: port: of https.
    """

    def __init__(self, site: PublicSite, port: int) -> None:
        super().__init__(site)
        self._public = site
        self._port = b"" if port == 443 else b":%d" % port

    def accept(self, stream: Stream) -> None:
        """Serve a new connection; it counts as one of the public site."""
        self._public.admit(stream, self)

    def handle(self, request: Request) -> Awaitable[Response]:
        """A 308 to the same target under https; health and metrics, and what a trusted proxy took by https, as ever."""
        if self._public.state.blocked.is_active and self._public.is_blocked(request):
            return blocked_answer(request)
        if request.scheme == "https" or request.path in self._public.plan.public_paths:
            return self._public.handle(request)
        return self._elsewhere(request)

    async def _elsewhere(self, request: Request) -> Response:
        host = host_of(request.authority).encode("latin-1")
        if not host or not request.target.startswith(b"/"):
            return problem(400, "this is served over https only, and the request names no host", request.id)
        # Only the host that the client has asked for itself, in a form that the parser has checked: nobody else can be
        # sent there. RFC 9110 15.4.9: with 308 "the user agent MUST NOT change the request method".
        location = b"https://%b%b%b" % (host, self._port, request.target)
        return Response(308, Headers([(b"Location", location)]))

    def __repr__(self) -> str:
        return f"<HttpsRedirectSite {self._site!r}>"


def host_of(authority: str) -> str:
    """The host in *authority*, without its port; an IPv6 address keeps its brackets."""
    if authority.startswith("["):
        return authority.partition("]")[0] + "]"
    return authority.partition(":")[0]
