"""A target that speaks HTTP/1.1, as the forwarder sees it.

In: ``Http1Target``. Not in: its settings (``gateway.http1.target_context``) and one attempt at it
(``gateway.http1.exchange``).
"""

from __future__ import annotations

from collections.abc import Awaitable

from vizgate.gateway.http1.exchange import Exchange
from vizgate.gateway.http1.target_context import TargetContext
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class Http1Target(TargetContext):
    """See ``pipeline.ports.TargetPort``."""

    __slots__ = ()

    def exchange(self, request: Request) -> Awaitable[Response]:
        """See ``TargetPort.exchange``."""
        return Exchange(self, request).run()
