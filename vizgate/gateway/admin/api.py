"""The admin API: which path leads where.

In: ``AdminApi``. Not in: who may ask (``gateway.admin.guard``) and what is done (``gateway.admin.services``).
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from vizgate.gateway.admin.guard import AdminGuard
from vizgate.gateway.admin.services import drain, enable, service_document, services_document, targets_at
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.plan import GatewayPlan, ServicePlan
from vizgate.gateway.service_parts.breakers import BreakerWord, force_breakers
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_log = logging.getLogger("vizgate.admin")

_GET = frozenset({"GET", "HEAD"})
_POST = frozenset({"POST"})


class _Refused(Exception):
    """A request that cannot be followed; the arguments are those of ``problem``."""


class AdminApi:
    """Answers what comes to the admin listener: the API, and for all other paths *endpoints*.

    Args: plan: gives the present one.
    """

    def __init__(
        self, endpoints: Endpoints, state: GatewayState, plan: Callable[[], GatewayPlan], guard: AdminGuard
    ) -> None:
        self._endpoints = endpoints
        self._state = state
        self._plan = plan
        self._guard = guard

    async def answer(self, request: Request) -> Response:
        """The answer to *request*: JSON, or a problem document."""
        # Taken apart before it is decoded: no name may reach another endpoint by an encoded slash.
        parts = [unquote(part) for part in request.path.split("/")[1:]]
        if parts[0] != "services":
            return await self._endpoints.answer(request)
        refusal = self._guard.refusal(request)
        if refusal:
            return problem(403, refusal, request.id)
        try:
            response = Response.json(200, self._act(request.method, parts[1:]))
        except _Refused as refused:
            return problem(refused.args[0], refused.args[1], request.id, *refused.args[2:])
        response.headers["Cache-Control"] = "no-store"
        return response

    def _act(self, method: str, parts: list[str]) -> dict[str, Any]:
        """Do what ``/services`` and *parts* behind it mean. Raises: _Refused: nothing, or not by *method*."""
        match parts:
            case []:
                _allow(_GET, method)
                return services_document(self._plan(), self._state)
            case [name]:
                _allow(_GET, method)
                return service_document(name, self._service(name), self._state)
            case [name, "targets", *address, "drain" | "enable" as word]:
                _allow(_POST, method)
                # A URL has slashes, and not everybody encodes them.
                return self._switch_target(name, "/".join(address), word)
            case [name, "breaker", "open" | "close" | "auto" as word]:
                _allow(_POST, method)
                return self._force_breaker(name, word)
        raise _Refused(404, "no such endpoint")

    def _service(self, name: str) -> ServicePlan:
        service = self._plan().services.get(name)
        if service is None:
            raise _Refused(404, "no service with targets has this name")
        return service

    def _switch_target(self, name: str, address: str, word: str) -> dict[str, Any]:
        service = self._service(name)
        targets = targets_at(service, address)
        if not targets:
            raise _Refused(404, "the service has no target with this address; GET /services lists them")
        if word == "drain":
            drain(targets)
        else:
            enable(targets, self._state.clock.monotonic())
        return service_document(name, service, self._state)

    def _force_breaker(self, name: str, word: BreakerWord) -> dict[str, Any]:
        service = self._service(name)
        if not force_breakers(self._state, name, word):
            raise _Refused(409, "the service has no breaker")
        _log.info("service %s: breaker %s", name, word)
        return service_document(name, service, self._state)

    def __repr__(self) -> str:
        return f"<AdminApi [{len(self._plan().services)} services] {self._guard!r}>"


def _allow(methods: frozenset[str], method: str) -> None:
    if method not in methods:
        names = ", ".join(sorted(methods))
        raise _Refused(405, f"only {names} is served here", [(b"Allow", names.encode())])
