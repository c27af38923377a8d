"""Splits and mirrors of routes.

In: ``TrafficParts``. Not in: the rules (``traffic``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.config.model import RouteConfig
from vizgate.extension.contract import Component
from vizgate.gateway.policies.parts import Parts
from vizgate.pipeline.handler import Handler
from vizgate.traffic.mirror import Mirror, Ways
from vizgate.traffic.split import Split


class TrafficParts:
    """What routes have beside one service, made from *services* by name."""

    def __init__(self, services: Mapping[str, Handler], parts: Parts) -> None:
        self._services = services
        self._parts = parts
        self._mirrors: list[Component] = []

    @property
    def components(self) -> tuple[Component, ...]:
        """What must be stopped with the plan: of every route that was asked for."""
        return tuple(self._mirrors)

    def service_of(self, route: RouteConfig) -> Handler:
        """The service of *route*, or the choice between those of its split."""
        if route.split is None:
            assert route.service is not None
            return self._services[route.service]
        handlers = [self._services[way.service] for way in route.split]
        return Split(route.split, handlers, route.split_by, route.name)

    def mirrored(self, route: RouteConfig, handler: Handler) -> Handler:
        """*handler* with the mirror of *route*; without one it is *handler* itself and costs nothing."""
        # A rehearsal tells what becomes of a request, and a copy is another one.
        if route.mirror is None or self._parts.stand_in is not None:
            return handler
        ways = Ways(handler, self._services[route.mirror.service])
        mirror = Mirror(route.mirror, ways, self._parts.context(route=route.name))
        self._mirrors.append(mirror)
        return mirror
