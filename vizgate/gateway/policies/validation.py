"""Checks of messages, as routes and services ask for them.

In: ``ValidationPolicies``. Not in: checking (``validation``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts


class ValidationPolicies:
    """The documents of the configuration, each compiled once, and the layers that check by them."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def layers(self, route: RouteConfig) -> list[Layer]:  # noqa: ARG002  # routes cannot ask for it yet
        """The layer that checks messages of *route* or of its service."""
        return []
