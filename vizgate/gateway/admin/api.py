"""The admin API: from a request to an operation and its answer.

In: ``AdminApi``. Not in: who may ask (``gateway.admin.guard``) and what is done (``gateway.operations``).
"""

from __future__ import annotations

from vizgate.gateway.admin.guard import AdminGuard
from vizgate.gateway.admin.paths import Found, find_operation
from vizgate.gateway.endpoints import HEALTH_PATHS, METRICS_PATHS, Endpoints
from vizgate.gateway.operations.operation import OperationRefused, Operator
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_VITAL_PATHS = HEALTH_PATHS | METRICS_PATHS


class AdminApi:
    """Answers what comes to the admin listener: health and metrics by *endpoints*, all else by *operator*."""

    def __init__(self, endpoints: Endpoints, operator: Operator, guard: AdminGuard) -> None:
        self._endpoints = endpoints
        self._operator = operator
        self._guard = guard

    async def answer(self, request: Request) -> Response:
        """The answer to *request*: JSON, or a problem document."""
        if request.path in _VITAL_PATHS:
            return await self._endpoints.answer(request)
        found = find_operation(OPERATIONS.values(), request.method, request.path)
        refusal = self._guard.refusal(request)
        if refusal:
            return problem(403, refusal, request.id)
        if not isinstance(found, Found):
            return _unknown(request, found.allow)
        try:
            document = await self._operator.perform(found.operation.name, found.arguments)
        except OperationRefused as refused:
            members = {"problems": list(refused.problems)} if refused.problems else None
            return problem(refused.status, refused.reason, request.id, None, members)
        response = Response.json(200, document["answer"] if found.operation.is_change else document)
        response.headers["Cache-Control"] = "no-store"
        return response

    def __repr__(self) -> str:
        return f"<AdminApi [{len(OPERATIONS)} operations] {self._guard!r}>"


def _unknown(request: Request, allow: tuple[str, ...]) -> Response:
    if not allow:
        return problem(404, "no such endpoint", request.id)
    names = ", ".join(allow)
    return problem(405, f"only {names} is served here", request.id, [(b"Allow", names.encode())])
