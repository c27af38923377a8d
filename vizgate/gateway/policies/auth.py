"""Authentication and authorization of routes.

In: ``AuthPolicies``. Not in: verifying credentials (``auth``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component
from vizgate.gateway.policies.parts import Layer, Parts


class AuthPolicies:
    """The authenticators of the configuration, and the layers that ask them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self.components: tuple[Component, ...] = ()

    def identifying(self, route: RouteConfig) -> list[Layer]:  # noqa: ARG002  # see requiring
        """The layer that finds out who sends a request of *route*."""
        return []

    def requiring(self, route: RouteConfig) -> list[Layer]:  # noqa: ARG002  # routes cannot ask for it yet
        """The layer that refuses who may not."""
        return []
