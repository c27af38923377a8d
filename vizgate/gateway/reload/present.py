"""What serves now.

In: ``Present``. Not in: how it comes to be another one (``gateway.reload.reloader``), starting and stopping
(``gateway.server``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.config import GatewayConfig
from vizgate.extension.registry import Registry
from vizgate.gateway.endpoints import Endpoints
from vizgate.gateway.listening.doors import Doors
from vizgate.gateway.operations.vitals import LocalVitals
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.running.generation import Generation, generation_steps
from vizgate.gateway.running.held_store import HeldStore
from vizgate.gateway.running.sites import Sites
from vizgate.gateway.state import GatewayState
from vizgate.gateway.stepping import done
from vizgate.pipeline.handler import Handler


class Present:
    """The generation that serves, its doors and the ways in for requests.

    ``services``: what stands in for services of these names. ``calls``: requests of the program itself that are under
    way.
    Raises: PluginError, TlsFailed, RouteConflict, VizgateError: what *config* names cannot be used.
    """

    def __init__(
        self, config: GatewayConfig, state: GatewayState, registry: Registry, services: Mapping[str, Handler]
    ) -> None:
        self.state = state
        self.registry = registry
        self.services = services
        store = HeldStore.made(config.store, state, registry)
        self.generation: Generation = done(generation_steps(config, state, registry, store, services))
        self.generation.adopt()
        self.doors = Doors(config, state)
        self.endpoints = Endpoints(LocalVitals(state, self._unavailable))
        self.sites = Sites(state, self.endpoints)
        self.calls: set[object] = set()
        #: Whether the components run.
        self.is_started = False
        self.is_stopping = False

    @property
    def config(self) -> GatewayConfig:
        """What it serves by."""
        return self.generation.config

    # What asks for it at any time must get the plan of that time.
    def plan(self) -> GatewayPlan:
        """``config``, compiled."""
        return self.generation.plan

    def _unavailable(self) -> list[str]:
        return self.generation.plan.unavailable()

    def __repr__(self) -> str:
        return f"<Present {self.generation!r} {self.doors!r}>"
