"""The ``middleware`` of a route: classes by name.

In: ``own_layers``. Not in: finding classes (``extension.registry``).
"""

from __future__ import annotations

from vizgate.cache.middleware import CacheMiddleware
from vizgate.config.model import RouteConfig
from vizgate.extension.making import make
from vizgate.gateway.policies.parts import Layer, Parts
from vizgate.traffic.split import Split


def own_layers(route: RouteConfig, parts: Parts) -> list[Layer]:
    """One layer for each entry, in the order of the YAML. Raises: PluginError: a class cannot be found or used."""
    context = parts.context(route=route.name)
    layers = []
    for entry in route.middleware:
        kind = parts.registry.resolve_middleware(entry.use)
        middleware = make(kind, entry.read(kind.Config), context)
        if isinstance(middleware, CacheMiddleware) and route.split is not None:
            # What one service of the split has answered is not what another one would.
            middleware.way_of = Split(route.split, (), route.split_by, route.name).choose
        layers.append(Layer(entry.use, middleware))
    return layers
