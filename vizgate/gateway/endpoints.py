"""``/health``, ``/liveness``, ``/readiness`` and ``/metrics``, wherever they are served.

In: ``Endpoints``. Not in: what they say (``gateway.operations.vitals``) and the listeners.
"""

from __future__ import annotations

from collections.abc import Collection

from vizgate.gateway.operations.vitals import Vitals
from vizgate.message.headers import Headers
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
    """Answers for the gateway itself, from *vitals*; nothing here is ever cached."""

    def __init__(self, vitals: Vitals) -> None:
        self._vitals = vitals

    async def answer(self, request: Request) -> Response:
        """The answer to *request*: 404 for another path, 405 for another method than GET and HEAD."""
        path = request.path
        if path not in HEALTH_PATHS and path not in METRICS_PATHS:
            return problem(404, "no such endpoint", request.id)
        if request.method not in ("GET", "HEAD"):
            return problem(405, "only GET is served here", request.id, [(b"Allow", b"GET, HEAD")])
        if path in METRICS_PATHS:
            return _answer(200, *await self._vitals.metrics(request.headers.get("Accept", "") or ""))
        reply = await self._vitals.readiness() if path == "/readiness" else self._vitals.liveness()
        return _answer(reply.status, "application/json", reply.body)


def _answer(status: int, content_type: str, data: bytes) -> Response:
    fields = [(b"Content-Type", content_type.encode("latin-1")), (b"Cache-Control", b"no-store")]
    return Response(status, Headers(fields), data)
