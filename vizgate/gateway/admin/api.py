"""The admin API: from a request to an operation and its answer.

In: ``AdminApi``. Not in: who may ask (``gateway.admin.access``) and what is done (``gateway.operations``).
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from vizgate.clock import Clock
from vizgate.gateway.admin.access import AdminAccess, Admission
from vizgate.gateway.admin.audit import AuditLog, Change
from vizgate.gateway.admin.bodies import read_arguments
from vizgate.gateway.admin.paths import Found, NotFound, find_operation
from vizgate.gateway.endpoints import HEALTH_PATHS, METRICS_PATHS, Endpoints
from vizgate.gateway.operations.operation import Arguments, Document, OperationRefused, Operator
from vizgate.gateway.operations.table import OPERATIONS
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_log = logging.getLogger("vizgate.admin")


class AdminApi:
    """Answers what comes to the admin listener: health and metrics by *endpoints*, all else by *operator*."""

    def __init__(
        self,
        endpoints: Endpoints,
        operator: Operator,
        access: AdminAccess,
        clock: Clock,
        audit: AuditLog,
    ) -> None:
        self._endpoints = endpoints
        self._operator = operator
        self._access = access
        self._clock = clock
        self._audit = audit
        self._doing: set[asyncio.Future[Response]] = set()

    async def answer(self, request: Request) -> Response:
        """The answer to *request*: JSON, or a problem document; never to be cached."""
        response = await self._answer(request)
        response.headers["Cache-Control"] = "no-store"
        response.finish(request.own)
        return response

    async def _answer(self, request: Request) -> Response:
        path = request.path
        # Orchestrators ask with whatever fields they like, and have no token.
        if path in HEALTH_PATHS or (path in METRICS_PATHS and self._access.has_open_metrics):
            return await self._endpoints.answer(request)
        found = find_operation(OPERATIONS.values(), request.method, path)
        is_change = isinstance(found, Found) and found.operation.is_change
        admission = self._access.admit(request, is_change=is_change)
        refusal = admission.refusal
        if refusal is not None:
            if isinstance(found, Found) and refusal.is_told:
                told = {"status": refusal.status, "reason": refusal.detail}
                await self._tell(found, request, admission, result="refused", **told)
            return refusal.answer(request)
        if path in METRICS_PATHS:
            return await self._endpoints.answer(request)
        return _unknown(request, found) if isinstance(found, NotFound) else await self._do(found, request, admission)

    async def _do(self, found: Found, request: Request, admission: Admission) -> Response:
        try:
            arguments = await self._arguments(found, request)
        except OperationRefused as refused:
            return await self._refused(refused, found, request, admission)
        # A change goes on to its end, and is told of, whether or not the client waits for it.
        doing = asyncio.ensure_future(self._perform(Found(found.operation, arguments), request, admission))
        self._doing.add(doing)
        doing.add_done_callback(self._doing.discard)
        return await asyncio.shield(doing)

    async def _perform(self, found: Found, request: Request, admission: Admission) -> Response:
        operation = found.operation
        try:
            document = await self._operator.perform(operation.name, found.arguments)
        except OperationRefused as refused:
            return await self._refused(refused, found, request, admission)
        except Exception:  # noqa: BLE001  # whatever it was, who asked for it must be told of
            await self._tell(found, request, admission, result="failed", status=500)
            _log.exception("operation %s failed", operation.name)
            return problem(500, "", request.id)
        if not operation.is_change:
            return Response.json(200, document)
        await self._tell(found, request, admission, before=document["before"], after=document["after"])
        return Response.json(200, document["answer"])

    async def _arguments(self, found: Found, request: Request) -> Arguments:
        operation = found.operation
        said: Document = {} if operation.body is None else await read_arguments(request, operation.body)
        # What the path says stands above what the body may say under the same name.
        return operation.settle({**said, **found.arguments}, self._clock.wall())

    async def _refused(
        self, refused: OperationRefused, found: Found, request: Request, admission: Admission
    ) -> Response:
        await self._tell(found, request, admission, result="refused", status=refused.status, reason=refused.reason)
        members = {"problems": list(refused.problems)} if refused.problems else None
        return problem(refused.status, refused.reason, request.id, None, members)

    async def _tell(self, found: Found, request: Request, admission: Admission, **result: Any) -> None:
        """Have the audit log tell of a change, or of one that was refused."""
        operation = found.operation
        if operation.is_change:
            change = Change(admission.caller, request.client, request.id, operation.name, found.arguments, **result)
            await self._audit.write(change)

    def __repr__(self) -> str:
        return f"<AdminApi [{len(OPERATIONS)} operations] {self._access!r}>"


def _unknown(request: Request, found: NotFound) -> Response:
    if not found.allow:
        return problem(404, "no such endpoint; GET /openapi.json lists them", request.id)
    names = ", ".join(found.allow)
    return problem(405, f"only {names} is served here", request.id, [(b"Allow", names.encode())])
