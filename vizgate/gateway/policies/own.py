"""The ``middleware`` of a route: classes by name.

In: ``own_layers``. Not in: finding classes (``extension.registry``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig
from vizgate.gateway.policies.parts import Layer, Parts


def own_layers(route: RouteConfig, parts: Parts) -> list[Layer]:
    """One layer for each entry, in the order of the YAML. Raises: PluginError: a class cannot be found or used."""
    context = parts.context(route=route.name)
    layers = []
    for entry in route.middleware:
        kind = parts.registry.resolve_middleware(entry.use)
        layers.append(Layer(entry.use, kind(entry.read(kind.Config), context)))
    return layers
