"""Cross-origin rules of routes.

In: ``cors_layers``. Not in: the rules (``cors``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts


def cors_layers(route: RouteConfig, parts: Parts) -> list[Layer]:  # noqa: ARG001  # routes cannot ask for it yet
    """The layer that answers for ``cors``, if *route* has it."""
    return []
