"""The fallback of a route.

In: putting it around the route's service. Not in: when it is asked (``pipeline.fallback``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.config.model import RouteConfig
from vizgate.config.model.fallback import FallbackConfig
from vizgate.errors import Termination
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.fallback import Fallback, FallbackRule
from vizgate.pipeline.handler import Handler
from vizgate.transform.respond import Respond

_FAILURES = {
    "open": Termination.CIRCUIT_OPEN,
    "overloaded": Termination.OVERLOADED,
    "connect_failure": Termination.CONNECT_FAILURE,
    "reset": Termination.UPSTREAM_RESET,
    "timeout": Termination.UPSTREAM_TIMEOUT,
    "invalid": Termination.UPSTREAM_INVALID,
}


def with_fallback(
    route: RouteConfig, handler: Handler, services: Mapping[str, Handler], state: GatewayState
) -> Handler:
    """*handler* with the fallback of *route*; without one it is *handler* itself and costs nothing."""
    config = route.fallback
    if config is None:
        return handler
    counter = state.metrics.counters("fallbacks", "Requests that a fallback answered.", ("route",)).of(route.name)

    def count() -> None:
        counter.value += 1

    other: Handler
    if config.service is not None:
        other = services[config.service]
    else:
        assert config.respond is not None
        other = Respond(config.respond)
    return Fallback(handler, other, rule_of(config), sends=config.service is not None, counted=count)


def rule_of(config: FallbackConfig) -> FallbackRule:
    """When *config* wants it."""
    return FallbackRule(
        statuses=frozenset(item for item in config.on if isinstance(item, int)),
        failures=frozenset(_FAILURES[item] for item in config.on if item in _FAILURES),
        no_target="no_target" in config.on,
        buffer_bytes=config.buffer,
    )
