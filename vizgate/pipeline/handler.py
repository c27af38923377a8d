"""What a handler is, and how middleware wraps one.

In: the two types and ``compose``. Not in: the base class plugin authors extend (``extension.contract``).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

Handler = Callable[[Request], Awaitable[Response]]
MiddlewareCall = Callable[[Request, Handler], Awaitable[Response]]


def compose(middleware: Sequence[MiddlewareCall], handler: Handler) -> Handler:
    """*handler* inside *middleware*, the first outermost; without any it is *handler* itself and costs nothing."""
    for layer in reversed(middleware):
        handler = _wrap(layer, handler)
    return handler


def _wrap(layer: MiddlewareCall, inner: Handler) -> Handler:
    def call(request: Request) -> Awaitable[Response]:
        return layer(request, inner)

    return call
