"""The proxy.py contender: a reverse-proxy plugin that keeps one upstream connection per client connection.

Returning a URL, as its examples do, would have it connect anew for every request; in 2.4.10 the second request on a
kept-alive client connection then ends its event loop, because the new socket takes the number of the one just closed.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from proxy.common.types import RePattern
from proxy.core.connection import TcpServerConnection
from proxy.http.parser import HttpParser
from proxy.http.server import ReverseProxyBasePlugin

_UPSTREAM = urlsplit(os.environ["BENCH_UPSTREAM"])


class ToUpstream(ReverseProxyBasePlugin):
    """Send everything to the upstream."""

    _connection: TcpServerConnection | None = None

    def routes(self) -> list[str]:
        """One pattern that every path matches."""
        return [r"/.*"]

    def handle_route(self, request: HttpParser, _pattern: RePattern) -> TcpServerConnection:
        """Queue the request on this client's upstream connection, which is opened on first use."""
        if self._connection is None:
            self._connection = TcpServerConnection(_UPSTREAM.hostname or "", _UPSTREAM.port or 80)
            self._connection.connect()
        self._connection.queue(memoryview(request.build()))
        return self._connection
