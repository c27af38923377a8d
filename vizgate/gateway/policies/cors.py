"""Cross-origin rules of routes.

In: ``cors_layers``. Not in: the rules (``cors``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.cors.middleware import CorsMiddleware
from vizgate.gateway.policies.parts import Layer, Parts


def cors_layers(route: RouteConfig, parts: Parts) -> list[Layer]:
    """The layer that answers for ``cors``, if *route* has it."""
    if route.cors is None:
        return []
    return [Layer("cors", CorsMiddleware(route.cors, parts.context(route=route.name)))]
