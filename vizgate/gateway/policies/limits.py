"""Limits of routes.

In: ``LimitPolicies``. Not in: counting (``limiter``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component
from vizgate.gateway.policies.parts import Layer, Parts


class LimitPolicies:
    """The limits of the configuration, and the layers that keep them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.components: tuple[Component, ...] = ()

    def layers(self, route: RouteConfig) -> list[Layer]:  # noqa: ARG002  # routes cannot ask for it yet
        """One layer for each limit of *route*."""
        return []
