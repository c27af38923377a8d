"""A middleware of one's own, next to the configuration that names it."""

from __future__ import annotations

from vizgate.extension.contract import Middleware, MiddlewareConfig
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class AddHeader(Middleware):
    """Sets one field of every response."""

    class Config(MiddlewareConfig):
        """``name`` and ``value`` of the field."""

        name: str
        value: str

    config: Config

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request*, then set the field."""
        response = await forward(request)
        response.headers[self.config.name] = self.config.value
        return response
