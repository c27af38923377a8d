"""Watches what middleware does to a request and its response.

In: ``traced``. Not in: running middleware (``pipeline.handler``).
"""

from __future__ import annotations

from vizgate.errors import ExchangeError
from vizgate.gateway.rehearsal.result import Step
from vizgate.message.headers import Field, Headers
from vizgate.message.identity import Identity
from vizgate.pipeline.handler import Handler, MiddlewareCall
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


def traced(use: str, middleware: MiddlewareCall, steps: list[Step]) -> MiddlewareCall:
    """*middleware*, which leaves a ``Step`` called *use* in *steps* for every call."""

    async def call(request: Request, forward: Handler) -> Response:
        step = Step(use)
        steps.append(step)
        came = _Snapshot(request)
        inner: list[Field] | None = None

        async def onward(passed: Request) -> Response:
            nonlocal inner
            step.forwarded = True
            step.request_changes = came.changes(passed)
            response = await forward(passed)
            inner = response.headers.raw.copy()
            return response

        try:
            response = await middleware(request, onward)
        except Exception as exc:
            step.error = _told(exc)
            raise
        step.status = response.status
        if inner is not None:
            step.response_changes = field_changes(inner, response.headers.raw)
        return response

    return call


def _told(exc: Exception) -> str:
    if isinstance(exc, ExchangeError):
        return f"refused with {exc.status}" + (f": {exc.detail}" if exc.detail else "")
    return f"raised {type(exc).__name__}: {exc}"


class _Snapshot:
    """A request as it came to a middleware."""

    def __init__(self, request: Request) -> None:
        self._method = request.method
        self._target = request.target
        self._fields = request.headers.raw.copy()
        self._identity = request.identity

    def changes(self, request: Request) -> tuple[str, ...]:
        """What is different about *request* now."""
        lines = []
        if request.method != self._method:
            lines.append(f"method {self._method} -> {request.method}")
        if request.target != self._target:
            lines.append(f"target {self._target.decode('latin-1')} -> {request.target.decode('latin-1')}")
        if request.identity is not self._identity:
            lines.append(f"identity {_named(request.identity)}")
        return (*lines, *field_changes(self._fields, request.headers.raw))


def _named(identity: Identity | None) -> str:
    """Who *identity* is, in words; claims may be secrets and are not told."""
    if identity is None:
        return "unknown"
    details = [
        f"tier {identity.tier}" if identity.tier else "",
        f"scopes {' '.join(sorted(identity.scopes))}" if identity.scopes else "",
        f"by {identity.authenticator}" if identity.authenticator else "",
        f"with {identity.credential}" if identity.credential else "",
    ]
    told = ", ".join(detail for detail in details if detail)
    return f"{identity.user} ({told})" if told else identity.user


def field_changes(before: list[Field], after: list[Field]) -> tuple[str, ...]:
    """The lines that went (``- Name: value``) and came (``+ Name: value``)."""
    kept = after.copy()
    gone = []
    for item in before:
        if item in kept:
            kept.remove(item)
        else:
            gone.append(item)
    return (*_lines("-", gone), *_lines("+", kept))


def _lines(sign: str, fields: list[Field]) -> list[str]:
    return [f"{sign} {name}: {value}" for name, value in Headers(fields).items()]
