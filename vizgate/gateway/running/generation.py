"""One configuration as it runs.

In: ``Generation``: its plan, what was started for it, and in which order that ends. Not in: which one serves
(``gateway.server``), what a reload does (``gateway.reload``).
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from vizgate.config import GatewayConfig
from vizgate.extension.contract import Component
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.build import Compiled, Stand, compile_steps
from vizgate.gateway.plan import GatewayPlan
from vizgate.gateway.running.components import start_component, stop_component
from vizgate.gateway.running.held_plugins import HeldPlugins
from vizgate.gateway.running.held_store import HeldStore
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.handler import Handler


def generation_steps(
    config: GatewayConfig,
    state: GatewayState,
    registry: Registry,
    store: HeldStore,
    services: Mapping[str, Handler],
    before: HeldPlugins | None = None,
) -> Generator[None, None, Generation]:
    """*config*, compiled in small steps and not started; see ``compile_steps``.

    Args: services: what stands in for services of these names. before: plugins that run already.
    """
    draft = StateDraft(state)
    draft.store = store.store
    compiled = yield from compile_steps(config, draft, registry, Stand(services=services))
    plugins = HeldPlugins.made(config, state, registry, store.store, before)
    return Generation(config, compiled, store, plugins)


class Generation:
    """*config* and what was compiled of it. Life: ``start`` -> ``adopt`` -> ``begin`` -> ``end`` -> ``stop``; it may be
    started again.
    """

    def __init__(self, config: GatewayConfig, compiled: Compiled, store: HeldStore, plugins: HeldPlugins) -> None:
        self.config = config
        self.plan: GatewayPlan = compiled.plan
        self.store = store
        #: What runs beside the requests.
        self.plugins = plugins
        #: What is started for it, in this order.
        self.components: tuple[Component, ...] = compiled.components
        self._background = compiled.background
        self._draft = compiled.draft
        self._leans = False
        self._started: list[Component] = []

    async def start(self) -> None:
        """Start the components. Raises: StartFailed: one of them could not be started; ``stop`` is needed also then."""
        # The others lean on the store: it starts first and stops last.
        self._leans = True
        await self.store.enter()
        await self.plugins.enter()
        for component in self.components:
            self._started.append(component)  # before it starts: stop() runs even when start() failed
            await start_component(component)

    def adopt(self) -> None:
        """Have the state of the gateway be what this plan wants of it; once, and it cannot fail."""
        self._draft.adopt()

    def begin(self) -> None:
        """Look after the targets from now on; this is the plan that serves."""
        for part in self._background:
            part.begin()
        self.plugins.begin()

    async def end(self) -> None:
        """Look after the targets no more, and end background services that no other configuration has: another plan
        serves, or none. Requests that began on this one go on.
        """
        for part in self._background:
            await part.stop()
        await self.plugins.end()

    async def stop(self) -> None:
        """Stop every component that was started; no request needs them any more."""
        started, self._started = self._started, []
        for component in reversed(started):
            await stop_component(component)
        await self.plugins.leave()
        leans, self._leans = self._leans, False
        if leans:
            await self.store.leave()

    def release(self) -> None:
        """Let go of the targets; nobody asks this plan for one any more."""
        self._draft.release()

    def pieces(self) -> list[object]:
        """Most of what it is made of, for whoever lets go of it piece by piece."""
        return [*self.config.routes, *self.plan.router.pieces()]

    def __repr__(self) -> str:
        return f"<Generation [{len(self.config.routes)} routes, {len(self._started)} components started]>"
