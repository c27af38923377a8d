"""The whole configuration.

In: ``GatewayConfig``. Not in: its parts (their own files) and checks across parts (``validate``).
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated

from pydantic import AfterValidator, Field

from vizgate.config.model.base import ConfigModel
from vizgate.config.model.checks import CheckConfig
from vizgate.config.model.observe import ObserveConfig
from vizgate.config.model.route import RouteConfig
from vizgate.config.model.server import ServerConfig
from vizgate.config.model.service import ServiceConfig
from vizgate.extension.fields import Integer

ServiceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}$")]


def with_names(routes: tuple[RouteConfig, ...]) -> tuple[RouteConfig, ...]:
    """*routes*, where one without a name is called by its path, with a number behind it if that is taken."""
    taken = {route.name for route in routes}
    used: Counter[str] = Counter()
    named = []
    for route in routes:
        name, path = route.name, route.match.path
        while not name or (name != route.name and name in taken):
            used[path] += 1
            name = path if used[path] == 1 else f"{path} ({used[path]})"
        taken.add(name)
        named.append(route if route.name else route.model_copy(update={"name": name}))
    return tuple(named)


class GatewayConfig(ConfigModel):
    """Everything a gateway is told: one YAML file."""

    version: Annotated[Integer, Field(ge=1, le=1)] = Field(default=1, description="Version of this format.")
    server: ServerConfig = Field(default=ServerConfig(), description="Listeners, limits and trust.")
    services: dict[ServiceName, ServiceConfig] = Field(default_factory=dict, description="Groups of targets, by name.")
    routes: Annotated[tuple[RouteConfig, ...], AfterValidator(with_names)] = Field(
        default=(), description="Which requests go where; the most specific match wins, not the order."
    )
    observe: ObserveConfig = Field(default=ObserveConfig(), description="Access log, metrics, request ids.")
    tests: tuple[CheckConfig, ...] = Field(default=(), description="What `vizgate check` tries, without a network.")
