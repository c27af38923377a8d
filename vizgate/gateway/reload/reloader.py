"""Reloads: validate, compile, provision, swap.

In: ``Reloader``. Not in: what serves (``gateway.reload.present``), the end of what served before
(``gateway.reload.retiring``).

Whatever fails before the swap leaves what serves as it was. The swap itself is one assignment, and what has to be told
about it is told in the same turn of the loop, so every request is served by the one or by the other.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial

from vizgate.config import GatewayConfig
from vizgate.errors import VizgateError
from vizgate.extension.registry import Registry
from vizgate.gateway.listening.doors import Chores
from vizgate.gateway.reload.off_loop import off_loop
from vizgate.gateway.reload.prepared import PreparedReload
from vizgate.gateway.reload.present import Present
from vizgate.gateway.reload.queue import ReloadQueue
from vizgate.gateway.reload.record import ReloadRecord
from vizgate.gateway.reload.refusal import ReloadRefused, refuse_restart_only
from vizgate.gateway.reload.retiring.forgetting import forget
from vizgate.gateway.reload.retiring.retirement import Retirement, Retirements, UnderWay
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.running.generation import Generation, generation_steps
from vizgate.gateway.running.held_store import HeldStore
from vizgate.gateway.stepping import in_slices

# How long requests may lean on the plan before where a stop would wait for none of them: a reload is no stop.
_PATIENCE_S = 30.0


class Reloader:
    """Makes another configuration serve in *present*. Args: swapped: called after each swap.

    ``source``: where the configuration can be read again, if it can. ``turn``: held by whoever starts the gateway, and
    from preparing a reload to the end of it. ``building``: around whatever makes what is to stay; a process that does
    nothing but serve has something of its own for it, see ``gateway.process``.
    """

    def __init__(self, present: Present, swapped: Callable[[], None]) -> None:
        self._present = present
        self._swapped = swapped
        self.source: ConfigSource | None = None
        self.turn = asyncio.Lock()
        self.building: Callable[[], AbstractContextManager[None]] = nullcontext
        self.record = ReloadRecord(present.config, present.state.clock, present.state.metrics)
        self.retirements = Retirements(self._forget)
        self._queue = ReloadQueue(self._reload_source)
        # Its parts have series already, which the end of another one that names the same must not take away.
        self._preparing: GatewayConfig | None = None

    async def reload(self, config: GatewayConfig | None, registry: Registry | None) -> None:
        """See ``Gateway.reload``."""
        if config is None:
            await self._queue.ask()
        else:
            await self._reload(partial(_given, config), registry)

    async def _reload_source(self) -> None:
        source = self.source
        if source is None:
            raise ReloadRefused("there is no file to read again: this gateway was not made of one")
        await self._reload(partial(off_loop, source.load), source.registry)

    async def _reload(self, load: Callable[[], Awaitable[GatewayConfig]], registry: Registry | None) -> None:
        try:
            with self.building():
                config = await load()
            prepared = await self.prepare(config, registry)
        except Exception as exc:
            self.record.failed(str(exc) if isinstance(exc, VizgateError) else f"{type(exc).__name__}: {exc}")
            raise
        prepared.commit()
        self.record.succeeded(config)

    async def prepare(self, config: GatewayConfig, registry: Registry | None) -> PreparedReload:
        """See ``Gateway.prepare``."""
        await self.turn.acquire()
        try:
            self._refuse(config)
            self._preparing = config
            return await self._prepared(config, registry or self._present.registry)
        except BaseException:
            self._release()
            raise

    def _release(self) -> None:
        """What was prepared serves, or nothing of it is left."""
        config, self._preparing = self._preparing, None
        self.turn.release()
        if config is not None and config is not self._present.config:
            self._forget(config)

    def _refuse(self, config: GatewayConfig) -> None:
        if self._present.is_stopping:
            raise ReloadRefused("the gateway is stopping")
        refuse_restart_only(self._present.config, config)

    async def _prepared(self, config: GatewayConfig, registry: Registry) -> PreparedReload:
        present = self._present
        generation = await self._compiled(config, registry)
        # In a thread, because it reads certificates.
        doors = await asyncio.to_thread(present.doors.next, config)
        prepared = PreparedReload(generation, doors, self._swap, self._release)
        if present.is_started:
            await prepared.start(present.config, present.state, binds=present.doors.is_open)
        if present.is_stopping:
            await prepared.let_go()
            self._refuse(config)
        return prepared

    async def _compiled(self, config: GatewayConfig, registry: Registry) -> Generation:
        present, state = self._present, self._present.state
        store = present.generation.store
        if not store.is_by(config.store):
            store = HeldStore.made(config.store, state, registry)
        services = {name: handler for name, handler in present.services.items() if name in config.services}
        plugins = present.generation.plugins
        with self.building():
            return await in_slices(generation_steps(config, state, registry, store, services, plugins))

    def _swap(self, prepared: PreparedReload) -> None:
        present = self._present
        if present.is_stopping:
            self.retirements.let_go(prepared.let_go())
            return
        before = present.generation
        under_way = UnderWay(present.sites, present.calls)
        present.generation = after = prepared.generation
        after.adopt()
        chores = self._use_log(prepared)
        if present.is_started:
            after.begin()
        chores += present.doors.change(prepared.doors)
        present.state.metrics.use_buckets(after.config.observe.metrics.buckets)
        self.record.taken(after.config)
        chores.append(partial(off_loop, self.record.look_up))
        self._swapped()
        patience_s = after.config.server.shutdown_timeout or _PATIENCE_S
        self.retirements.begin(Retirement(before, under_way, chores), patience_s)

    def _use_log(self, prepared: PreparedReload) -> Chores:
        """Serve by the new plan, and log where it says."""
        sites = self._present.sites
        before = sites.log
        feeds = prepared.generation.plugins.feeds
        sites.use(prepared.generation.plan, before if prepared.keeps_log else prepared.log, feeds)
        if before is None or prepared.keeps_log:
            return []
        return [partial(asyncio.to_thread, before.close)]

    def _forget(self, config: GatewayConfig) -> None:
        present = [self._present.config, *self.retirements.configs]
        forget(self._present.state.metrics, config, present if self._preparing is None else [*present, self._preparing])

    async def stop(self) -> None:
        """Give up what was asked for and has not begun to serve."""
        await self._queue.stop()

    def __repr__(self) -> str:
        return f"<Reloader {self.record!r} {self.retirements!r}>"


async def _given(config: GatewayConfig) -> GatewayConfig:
    return config
