"""Routes and the services that they name beside their own.

In: splits and mirrors. Not in: what a route can be asked alone (``traffic.config``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from vizgate.config.model import RouteConfig
from vizgate.config.problems import Finding, Path, shown, unknown_name


def traffic_findings(
    routes: Mapping[int, RouteConfig], services: Sequence[str], checked: Collection[str]
) -> Iterator[Finding]:
    """Everything that is wrong with the services of splits and mirrors.

    Args: services: every name there is. checked: those that have ``validate``.
    """
    for index, route in routes.items():
        at: Path = ("routes", index)
        for number, way in enumerate(route.split or ()):
            if way.service not in services:
                yield Finding((*at, "split", number, "service"), unknown_name("service", way.service, services))
            elif way.service in checked and route.validation is None:
                # Its document may be one that the other ways do not meet, so nobody can tell which of them is meant.
                name = shown(way.service)
                message = f"{name} has validate, which does not hold in a split. Write validate on the route"
                yield Finding((*at, "split", number, "service"), message)
        if route.mirror is not None and route.mirror.service not in services:
            yield Finding((*at, "mirror", "service"), unknown_name("service", route.mirror.service, services))
