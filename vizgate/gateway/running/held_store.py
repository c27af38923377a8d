"""A store that outlives the configuration it was made for.

In: ``HeldStore``: it runs from the first generation that leans on it to the last. Not in: stores (``store``).
"""

from __future__ import annotations

from vizgate.extension.contract import Context
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.making import is_foreign
from vizgate.extension.registry import Registry
from vizgate.extension.store import Store
from vizgate.gateway.isolation.guards.store import GuardedStore
from vizgate.gateway.running.components import start_component, stop_component
from vizgate.gateway.state import GatewayState
from vizgate.store.build import build_store
from vizgate.store.config import AnyStoreConfig


class HeldStore:
    """*component*, made by *config*. ``store``: how it is to be used; one of a stranger's has a guard."""

    def __init__(self, config: AnyStoreConfig, component: StoreComponent, store: Store) -> None:
        self.store = store
        self._component = component
        self._config = config
        self._users = 0

    @classmethod
    def made(cls, config: AnyStoreConfig, state: GatewayState, registry: Registry) -> HeldStore:
        """The store of *config*, not started. Raises: PluginError, VizgateError: see ``build_store``."""
        context = Context(name="store", clock=state.clock, random=state.random, metrics=state.metrics)
        made = build_store(config, context, registry, inherited_fd=state.membership.store_fd)
        store = GuardedStore(made, state.faults.of(made)) if is_foreign(type(made)) else made
        return cls(config, made, store)

    def is_by(self, config: AnyStoreConfig) -> bool:
        """Whether it was made by settings equal to *config*, so that its numbers can go on."""
        return self._config == config

    async def enter(self) -> None:
        """Lean on it; whoever is the first starts it. Raises: StartFailed. To be left also then."""
        self._users += 1
        if self._users == 1:
            await start_component(self._component)

    async def leave(self) -> None:
        """Lean on it no more; whoever is the last stops it."""
        self._users -= 1
        if not self._users:
            await stop_component(self._component)

    def __repr__(self) -> str:
        return f"<HeldStore {self.store!r} [{self._users} users]>"
