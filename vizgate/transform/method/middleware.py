"""``use: method``.

In: ``MethodMiddleware``. Not in: methods chosen by the client (``X-HTTP-Method-Override``), by which it would get past
what the gateway decides by the method.
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.method.config import MethodConfig


class MethodMiddleware(Middleware):
    """Asks the service with a fixed method. HEAD and OPTIONS stay what they are."""

    Config: ClassVar[type[ComponentConfig]] = MethodConfig

    def __init__(self, config: MethodConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._to = config.to
        self._only = frozenset(config.only)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request* with the other method; afterwards it has its own again, by which it is answered and told
        in the log.
        """
        method = request.method
        if method in self._only:
            request.method = self._to
        try:
            return await forward(request)
        finally:
            request.method = method
