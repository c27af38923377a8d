"""Caches that would wait for each other.

In: two caches of one zone on a route. Not in: the settings of a cache (``cache.config``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vizgate.cache.config import CacheConfig
from vizgate.config.model import RouteConfig
from vizgate.config.problems import Finding, shown

_ANY_ZONE = CacheConfig.model_fields["zone"].default


def cache_findings(routes: Mapping[int, RouteConfig]) -> Iterator[Finding]:
    """Every cache whose zone another one of its route has: the inner one would wait for what the outer one fetches."""
    for index, route in routes.items():
        zones = set()
        for number, entry in enumerate(route.middleware):
            if entry.use != "cache":
                continue
            zone = entry.settings.get("zone", _ANY_ZONE)
            if zone in zones:
                message = (
                    f"the route has a cache of the zone {shown(zone)} already. Remove one, or give it another zone"
                )
                yield Finding(("routes", index, "middleware", number), message)
            zones.add(zone)
