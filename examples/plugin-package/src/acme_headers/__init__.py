"""A vizgate plugin: ``use: acme_server_timing`` adds how long the request took to the response."""

from __future__ import annotations

from pydantic import Field

from vizgate.extension.contract import Middleware, MiddlewareConfig
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class ServerTiming(Middleware):
    """Adds a ``Server-Timing`` field (W3C Server Timing): the milliseconds until the response head came."""

    class Config(MiddlewareConfig):
        """``metric``: the name that the duration is shown under."""

        metric: str = Field(default="gateway", pattern=r"^[A-Za-z0-9_-]+$")

    config: Config

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request* and time it."""
        started_s = self.context.clock.monotonic()
        response = await forward(request)
        elapsed_ms = (self.context.clock.monotonic() - started_s) * 1000
        response.headers.add("Server-Timing", f"{self.config.metric};dur={elapsed_ms:.1f}")
        return response
