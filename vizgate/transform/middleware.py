"""``use: headers``.

In: ``HeadersMiddleware``. Not in: the rule (``transform.fields``).
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import HeadersConfig
from vizgate.transform.fields import compile_changes


class HeadersMiddleware(Middleware):
    """Sets, adds, keeps and removes header fields of the request, the response, or both."""

    Config: ClassVar[type[MiddlewareConfig]] = HeadersConfig

    def __init__(self, config: HeadersConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._request = compile_changes(config.request)
        self._response = compile_changes(config.response)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request* changed, and hand back its response changed."""
        if self._request is not None:
            self._request.apply(request.headers.raw, request)
        response = await forward(request)
        if self._response is not None:
            self._response.apply(response.headers.raw, request)
        return response
