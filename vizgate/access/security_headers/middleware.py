"""``use: security_headers``.

In: ``SecurityHeaders``. Not in: the rule (``access.security_headers.fields``).
"""

from __future__ import annotations

from typing import ClassVar

from vizgate.access.security_headers.config import SecurityHeadersConfig
from vizgate.access.security_headers.fields import SecurityFields
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class SecurityHeaders(Middleware):
    """Adds the fields to every answer of its route, to those of the gateway itself (401, 429, 502), too."""

    Config: ClassVar[type[ComponentConfig]] = SecurityHeadersConfig
    stands_outside = True

    def __init__(self, config: SecurityHeadersConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._fields = SecurityFields(config)

    async def __call__(self, request: Request, forward: Handler) -> Response:
        """Forward *request*, and hand back its response with the fields."""
        response = await forward(request)
        self._fields.add_to(response.headers.raw, is_secure=request.scheme == "https")
        return response
