"""Routes and what they say about trouble.

In: fallbacks to services that are not there, priorities that nobody looks at. Not in: what a route can be asked alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from vizgate.config.model import RouteConfig
from vizgate.config.problems import Finding, shown, unknown_name


def fallback_findings(routes: Mapping[int, RouteConfig], services: Sequence[str]) -> Iterator[Finding]:
    """Everything that is wrong with the services of fallbacks."""
    for index, route in routes.items():
        name = None if route.fallback is None else route.fallback.service
        if name is None:
            continue
        at = ("routes", index, "fallback", "service")
        if name not in services:
            yield Finding(at, unknown_name("service", name, services))
        elif name == route.service:
            yield Finding(at, f"{shown(name)} is the service of the route itself. Name another, or write respond")


def priority_findings(routes: Mapping[int, RouteConfig], *, has_overload: bool) -> Iterator[Finding]:
    """Priorities without anything that turns requests away."""
    for index, route in routes.items():
        if "priority" in route.model_fields_set and not has_overload:
            message = "priority has no effect without server.overload. Write that, or remove priority"
            yield Finding(("routes", index, "priority"), message)
