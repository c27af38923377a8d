"""Limits of routes.

In: ``LimitPolicies``. Not in: counting (``limiter``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component
from vizgate.gateway.policies.parts import Layer, Parts
from vizgate.limiter.limit import Limit
from vizgate.limiter.middleware import LimitMiddleware


class LimitPolicies:
    """The limits of the configuration that routes name, each of which they share, and the layers that keep them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        named = {name for route in parts.config.routes for name in route.limit}
        #: By name; those that no route names are not there.
        self.limits = {
            name: Limit(config, parts.context(name=name))
            for name, config in parts.config.limits.items()
            if name in named
        }
        self.components: tuple[Component, ...] = tuple(self.limits.values())

    def layers(self, route: RouteConfig) -> list[Layer]:
        """One layer for all limits of *route*; none without any."""
        if not route.limit:
            return []
        limits = [self.limits[name] for name in route.limit]
        return [Layer("limit", LimitMiddleware(limits, self._parts.context(route=route.name)))]
