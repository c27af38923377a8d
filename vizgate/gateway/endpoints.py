"""``/health``, ``/liveness``, ``/readiness`` and ``/metrics``, wherever they are served.

In: ``Endpoints``. Not in: the states (``observe.health``), the numbers (``observe.metrics``) and the listeners.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection

from vizgate.gateway.state import GatewayState
from vizgate.message.headers import Headers
from vizgate.observe.health import HealthReply
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

HEALTH_PATHS = frozenset({"/health", "/liveness", "/readiness"})
METRICS_PATHS = frozenset({"/metrics"})


def paths_of(endpoints: Collection[str]) -> frozenset[str]:
    """The paths behind names of ``server.public_endpoints``."""
    health = HEALTH_PATHS if "health" in endpoints else frozenset()
    return health | (METRICS_PATHS if "metrics" in endpoints else frozenset())


class Endpoints:
    """Answers for the gateway itself; nothing here is ever cached.

    Args: unavailable: gives the names of required services that have no fit target.
    """

    def __init__(self, state: GatewayState, unavailable: Callable[[], Collection[str]] = tuple) -> None:
        self._state = state
        self._unavailable = unavailable
        self._replies = {
            "/health": state.health.health,
            "/liveness": state.health.liveness,
            "/readiness": self._readiness,
        }

    async def answer(self, request: Request) -> Response:
        """The answer to *request*: 404 for another path, 405 for another method than GET and HEAD."""
        path = request.path
        if path not in HEALTH_PATHS and path not in METRICS_PATHS:
            return problem(404, "no such endpoint", request.id)
        if request.method not in ("GET", "HEAD"):
            return problem(405, "only GET is served here", request.id, [(b"Allow", b"GET, HEAD")])
        if path in METRICS_PATHS:
            return await self._metrics(request)
        reply: HealthReply = self._replies[path]()
        return _answer(reply.status, "application/json", reply.body)

    def _readiness(self) -> HealthReply:
        return self._state.health.readiness(self._unavailable())

    async def _metrics(self, request: Request) -> Response:
        # In a thread, so that thousands of series do not hold up the requests in flight.
        accept = request.headers.get("Accept", "") or ""
        content_type, data = await asyncio.to_thread(self._state.metrics.exposition, accept)
        return _answer(200, content_type, data)


def _answer(status: int, content_type: str, data: bytes) -> Response:
    fields = [(b"Content-Type", content_type.encode("latin-1")), (b"Cache-Control", b"no-store")]
    return Response(status, Headers(fields), data)
