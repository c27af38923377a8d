"""The sinks and background services of a configuration, which outlive it where the next one has them, too.

In: ``HeldPlugins``. Not in: feeding and running them (``gateway.plugged``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from vizgate.config import GatewayConfig
from vizgate.extension.contract import Component, Context, UsedConfig
from vizgate.extension.kinds.background import BackgroundService
from vizgate.extension.kinds.sink import Sink
from vizgate.extension.making import make, name_of
from vizgate.extension.registry import Registry
from vizgate.extension.store import Store
from vizgate.gateway.plugged.runner import Runner
from vizgate.gateway.plugged.sink_feed import SinkFeed
from vizgate.gateway.running.components import start_component, stop_component
from vizgate.gateway.state import GatewayState

# Kind, settings, and the number among equal ones.
_Key = tuple[str, UsedConfig, int]


@dataclass(eq=False, slots=True)
class _Held:
    """A plugin and what makes it work. ``users``: the configurations that lean on it."""

    key: _Key
    component: Component
    work: SinkFeed | Runner
    users: int = 0


class HeldPlugins:
    """The plugins of one configuration. Life: ``enter`` -> ``begin`` -> ``end`` -> ``leave``."""

    def __init__(self, held: tuple[_Held, ...] = ()) -> None:
        self._held = held
        self._entered: list[_Held] = []
        #: Take the record of each request that has ended.
        self.feeds: tuple[SinkFeed, ...] = tuple(one.work for one in held if isinstance(one.work, SinkFeed))

    @classmethod
    def made(
        cls,
        config: GatewayConfig,
        state: GatewayState,
        registry: Registry,
        store: Store,
        before: HeldPlugins | None = None,
    ) -> HeldPlugins:
        """Those of *config*, which lean on *store*, not started.

        Args: before: what runs already; equal settings go on with the same plugin.
        Raises: PluginError, VizgateError: one cannot be found or made.
        """
        known = {} if before is None else before.leaning_on(store)
        maker = _Maker(state, registry, store)
        return cls(tuple(known.get(key) or maker.make(key) for key in _keys(config) if maker.is_here(key)))

    def leaning_on(self, store: Store) -> dict[_Key, _Held]:
        """Those that can go on with *store*."""
        return {one.key: one for one in self._held if one.component.context.store is store}

    async def enter(self) -> None:
        """Start what nobody has started. Raises: StartFailed; ``leave`` is needed also then."""
        for one in self._held:
            self._entered.append(one)
            one.users += 1
            if one.users == 1:
                await start_component(one.component)

    def begin(self) -> None:
        """Have them work: the configuration is the present one."""
        for one in self._held:
            one.work.begin()

    async def end(self) -> None:
        """End the services that no other configuration has: two that differ in a setting must not run side by side."""
        for one in reversed(self._entered):
            if one.users == 1 and isinstance(one.work, Runner):
                await one.work.end()

    async def leave(self) -> None:
        """Stop what no other configuration leans on, the last first."""
        entered, self._entered = self._entered, []
        for one in reversed(entered):
            one.users -= 1
            if not one.users:
                await one.work.end()
                await stop_component(one.component)

    def unready(self) -> Mapping[str, str]:
        """Why the gateway should not be sent requests yet, by plugin."""
        works = (one.work for one in self._held)
        reasons = {name_of(type(work.service)): work.unready for work in works if isinstance(work, Runner)}
        return {name: reason for name, reason in reasons.items() if reason}

    def __repr__(self) -> str:
        return f"<HeldPlugins [{len(self._held)} plugins]>"


class _Maker:
    """Makes plugins for *state*."""

    def __init__(self, state: GatewayState, registry: Registry, store: Store) -> None:
        self._state = state
        self._store = store
        self._registry = registry

    def is_here(self, key: _Key) -> bool:
        """Whether this worker has it: some services run in one of them alone."""
        kind, entry, _ = key
        return kind == "sink" or self._state.worker <= 1 or not self._registry.resolve_service(entry.use).once

    def make(self, key: _Key) -> _Held:
        kind, entry, _ = key
        state = self._state
        context = Context(
            clock=state.clock, random=state.random, name=entry.use, calls=state.calls, store=self._store,
            metrics=state.metrics, sleep=state.sleep, kept=state.kept, worker=state.worker,
        )  # fmt: skip
        if kind == "sink":
            sink_class = self._registry.resolve_sink(entry.use)
            sink: Sink = make(sink_class, entry.read(sink_class.Config), context)
            return _Held(key, sink, SinkFeed(sink, state.faults.of(sink), state.metrics))
        service_class = self._registry.resolve_service(entry.use)
        service: BackgroundService = make(service_class, entry.read(service_class.Config), context)
        return _Held(key, service, Runner(service, state.faults.of(service)))


def _keys(config: GatewayConfig) -> Iterator[_Key]:
    """Every entry, sinks first, so that they are there for what services do, and stop after them."""
    entries: list[tuple[str, UsedConfig]] = [
        *(("sink", entry) for entry in config.observe.sinks),
        *(("service", entry) for entry in config.plugins),
    ]
    seen: Counter[tuple[str, UsedConfig]] = Counter()
    for pair in entries:
        seen[pair] += 1
        yield *pair, seen[pair]
