"""``versions``, at work on one route.

In: ``VersionMiddleware``. Not in: the rule (``versions.life``), and which routes have versions (``versions.paths``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar, NamedTuple

from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.message.headers import Field
from vizgate.observe.metrics.counters import Counter
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.versions.config import RouteVersionsConfig
from vizgate.versions.life import Stage, VersionLife
from vizgate.versions.paths import PARAMETER

_DATES = frozenset({b"deprecation", b"sunset"})


class _Version(NamedTuple):
    """``asked``: how often it was asked for since its end was announced."""

    name: str
    life: VersionLife
    asked: Counter


class VersionMiddleware(Middleware):
    """Tells of the end of a version, and answers 410 once it has come.

    The value of ``{version}`` may be the name of a version, or that with a ``v`` before it. A version that ``versions``
    does not know goes to the route as ever.
    """

    Config: ClassVar[type[ComponentConfig]] = RouteVersionsConfig

    def __init__(self, config: RouteVersionsConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        counters = self.context.metrics.counters(
            "deprecated_version_requests",
            "Requests for API versions that are deprecated or gone.",
            ("route", "version"),
        )
        versions = {
            name: _Version(name, VersionLife(version), counters.of(self.context.route, name))
            for name, version in config.versions.items()
        }
        self._versions = {**{f"v{name}": version for name, version in versions.items()}, **versions}
        self._fixed = config.fixed
        self._wall = self.context.clock.wall

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Handle *request*; one for a version that is active only passes."""
        version = self._versions.get(self._fixed or str(request.params[PARAMETER]))
        stage = Stage.ACTIVE if version is None else version.life.stage(self._wall())
        if version is None or stage is Stage.ACTIVE:
            return forward(request)
        version.asked.value += 1
        if stage is Stage.GONE:
            return _gone(request, version)
        return _telling(request, forward, version.life.fields)


async def _gone(request: Request, version: _Version) -> Response:
    return problem(410, f"version {version.name} of this API is gone", request.id, [*version.life.fields])


async def _telling(request: Request, forward: Handler, fields: tuple[Field, ...]) -> Response:
    response = await forward(request)
    raw = response.headers.raw
    # Of each date there is one; links of the service stay beside those of the gateway.
    raw[:] = [field for field in raw if field[0].lower() not in _DATES]
    raw += fields
    return response
