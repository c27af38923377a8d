"""Checks of messages, as routes and services ask for them.

In: ``ValidationPolicies``. Not in: checking (``validation``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts


class ValidationPolicies:
    """The layers that check messages; documents were compiled when the configuration was read."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def layers(self, route: RouteConfig) -> list[Layer]:
        """The layer that checks messages of *route* or, unless it says otherwise itself, of its service."""
        service = self._parts.config.services.get(route.service or "")
        settings = route.validation or (service.validation if service is not None else None)
        if settings is None or settings.mode == "off":
            return []
        # Imported here, because most gateways check nothing.
        from vizgate.validation.middleware import ValidationMiddleware

        return [Layer("validate", ValidationMiddleware(settings, self._parts.context(route=route.name)))]
