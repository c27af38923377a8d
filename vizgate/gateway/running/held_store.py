"""A store that outlives the configuration it was made for.

In: ``HeldStore``: it runs from the first generation that leans on it to the last. Not in: stores (``store``).
"""

from __future__ import annotations

from vizgate.extension.contract import Context
from vizgate.extension.registry import Registry
from vizgate.extension.store_component import StoreComponent
from vizgate.gateway.running.components import start_component, stop_component
from vizgate.gateway.state import GatewayState
from vizgate.store.build import build_store
from vizgate.store.config import AnyStoreConfig


class HeldStore:
    """``store``, made by *config*."""

    def __init__(self, config: AnyStoreConfig, store: StoreComponent) -> None:
        self.store = store
        self._config = config
        self._users = 0

    @classmethod
    def made(cls, config: AnyStoreConfig, state: GatewayState, registry: Registry) -> HeldStore:
        """The store of *config*, not started. Raises: PluginError, VizgateError: see ``build_store``."""
        context = Context(name="store", clock=state.clock, random=state.random, metrics=state.metrics)
        return cls(config, build_store(config, context, registry))

    def is_by(self, config: AnyStoreConfig) -> bool:
        """Whether it was made by settings equal to *config*, so that its numbers can go on."""
        return self._config == config

    async def enter(self) -> None:
        """Lean on it; whoever is the first starts it. Raises: StartFailed. To be left also then."""
        self._users += 1
        if self._users == 1:
            await start_component(self.store)

    async def leave(self) -> None:
        """Lean on it no more; whoever is the last stops it."""
        self._users -= 1
        if not self._users:
            await stop_component(self.store)

    def __repr__(self) -> str:
        return f"<HeldStore {self.store!r} [{self._users} users]>"
