"""``use: query``.

In: ``QueryMiddleware``. Not in: the rule (``transform.query.change``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from typing import ClassVar

from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.query.change import QueryChange
from vizgate.transform.query.config import QueryConfig


class QueryMiddleware(Middleware):
    """Changes the query of requests before they are forwarded."""

    Config: ClassVar[type[ComponentConfig]] = QueryConfig

    def __init__(self, config: QueryConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._change = QueryChange(config)

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request* changed."""
        path, _, query = request.target.partition(b"?")
        changed = self._change.apply(query, request)
        if changed != query:
            request.target = path + b"?" + changed if changed else path
        return forward(request)
