"""Faults that routes make on purpose.

In: ``fault_layers``. Not in: making them (``traffic.fault``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts
from vizgate.traffic.fault import Fault


def fault_layers(route: RouteConfig, parts: Parts) -> list[Layer]:
    """The layer that makes the faults of *route*, if it has any."""
    if route.fault is None:
        return []
    return [Layer("fault", Fault(route.fault, parts.context(route=route.name)))]
