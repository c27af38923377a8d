"""Fields that routes ask for, and that no request has when it comes to them.

In: ``field_findings``, over the conditions of routes. Not in: conditions alone (``router.config``), which know nothing
of what a gateway drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from vizgate.config.model.route import RouteConfig
from vizgate.config.problems import Finding
from vizgate.extension.values.field_names import arriving_field_name


def field_findings(routes: Mapping[int, RouteConfig]) -> Iterator[Finding]:
    """Conditions that could never hold."""
    for index, route in routes.items():
        for name in route.match.headers:
            try:
                arriving_field_name(name)
            except ValueError as exc:
                yield Finding(("routes", index, "match", "headers"), str(exc))
