"""Shedding by priority.

In: what measures the pressure of one plan, and putting the check around its routes. Not in: the rule (``overload``).
"""

from __future__ import annotations

from vizgate.config.model import RouteConfig, ServerConfig
from vizgate.extension.contract import Component, Context
from vizgate.gateway.state import GatewayState
from vizgate.overload.meter import PressureMeter, resident_bytes
from vizgate.overload.pressure import RANKS, Pressure, PressureBounds
from vizgate.overload.shedding import Shedding
from vizgate.pipeline.handler import Handler
from vizgate.transport.deadlines import TICK_S


class SheddingPolicy:
    """``components``: what measures, if ``server.overload`` asks for it."""

    def __init__(self, server: ServerConfig, state: GatewayState) -> None:
        self._config = server.overload
        self.components: tuple[Component, ...] = ()
        if self._config is None:
            return
        self._counters = state.metrics.counters(
            "requests_shed", "Requests turned away because the gateway was overloaded.", ("route", "priority")
        )
        memory = self._config.memory or 0
        self._pressure = Pressure(PressureBounds(self._config.loop_lag or 0.0, memory))
        context = Context(clock=state.clock, name="overload")
        meter = PressureMeter(
            self._pressure, state.sweeper.patrolled, TICK_S, context, resident_bytes if memory else None
        )
        self.components = (meter,)

    def around(self, route: RouteConfig, handler: Handler) -> Handler:
        """*handler*, turned away from when it must be; where it never is it is *handler* itself and costs nothing."""
        if self._config is None or route.priority == "critical":
            return handler
        counter = self._counters.of(route.name, route.priority)
        return Shedding(handler, RANKS[route.priority], self._pressure, self._config.retry_after, counter)
