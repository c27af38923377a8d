"""``use: ip_filter``.

In: ``IpFilter``. Not in: the rule (``access.ip_filter.networks``).
"""

from __future__ import annotations

from collections.abc import Awaitable
from functools import lru_cache
from typing import ClassVar

from vizgate.access.ip_filter.config import IpFilterConfig
from vizgate.access.ip_filter.networks import NetworkRules
from vizgate.extension.contract import ComponentConfig, Context, Middleware
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.replies import problem
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

# Reading an address takes longer than deciding about it, and one client sends many requests.
_REMEMBERED = 4096


class IpFilter(Middleware):
    """Answers 403 to clients whose address is not let in, before anybody asks who they are.

    The address is ``request.client``: that of the peer, or what a peer of ``server.trusted_proxies`` says.
    """

    Config: ClassVar[type[ComponentConfig]] = IpFilterConfig
    stands_outside = True

    def __init__(self, config: IpFilterConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._allows = lru_cache(_REMEMBERED)(NetworkRules(config.allow, config.deny).allows)

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        """Forward *request* or refuse it."""
        return forward(request) if self._allows(request.client) else _refuse(request)


async def _refuse(request: Request) -> Response:
    return problem(403, "this address is not let in", request.id)
