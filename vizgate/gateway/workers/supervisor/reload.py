"""Reloads of a gateway of several workers: in every one of them, or in none.

In: ``FleetReload``. Not in: what one worker does about it (``gateway.reload``), noticing changes (``cli``).
"""

from __future__ import annotations

import asyncio
from typing import Protocol

from vizgate.config import GatewayConfig
from vizgate.errors import VizgateError
from vizgate.gateway.reload.off_loop import off_loop
from vizgate.gateway.reload.queue import ReloadQueue
from vizgate.gateway.reload.record import ReloadRecord
from vizgate.gateway.reload.refusal import ReloadRefused, refuse_restart_only
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.workers.channel.channel import Refused
from vizgate.gateway.workers.supervisor.admin import AdminDoor
from vizgate.gateway.workers.supervisor.doors import Doors
from vizgate.gateway.workers.supervisor.fleet import Fleet
from vizgate.gateway.workers.supervisor.member import Member
from vizgate.gateway.workers.worker.beginning import sent
from vizgate.store.config import SharedStoreConfig
from vizgate.transport.listener import Listener

# How long a worker may take to swap, in seconds; one that takes longer is replaced.
_COMMIT_S = 5.0


class Served(Protocol):
    """What is served, and by whom."""

    config: GatewayConfig
    doors: Doors
    fleet: Fleet
    admin: AdminDoor

    def terms_for(self, config: GatewayConfig) -> bytes:
        """What workers are told."""
        ...

    def take(self, config: GatewayConfig, doors: Doors) -> None:
        """Have whoever begins from now on begin with these."""
        ...

    async def follow(self, admin: Listener | None) -> None:
        """Do what is the supervisor's to do about it; all workers serve it."""
        ...


class FleetReload:
    """Makes another configuration serve in *served*. ``source``: where it can be read again, if it can. ``turn``: held
    by whoever starts the gateway or changes the number of workers, and by each reload.
    """

    def __init__(self, served: Served, source: ConfigSource | None, record: ReloadRecord) -> None:
        self.source = source
        self.record = record
        self.is_stopping = False
        self.turn = asyncio.Lock()
        self._served = served
        self._queue = ReloadQueue(self._reload)

    async def ask(self) -> None:
        """Return when a reload that began after this call has succeeded.

        Raises: VizgateError: it cannot be used, and nothing has changed in any worker.
        """
        await self._queue.ask()

    async def _reload(self) -> None:
        try:
            config = await self._loaded()
            async with self.turn:
                await self._apply(config)
        except Exception as exc:
            self.record.failed(str(exc) if isinstance(exc, VizgateError) else f"{type(exc).__name__}: {exc}")
            raise
        self.record.succeeded(config)

    async def _loaded(self) -> GatewayConfig:
        if self.source is None:
            raise ReloadRefused("there is no file to read again: this gateway was not made of one")
        return await off_loop(self.source.load)

    async def _apply(self, config: GatewayConfig) -> None:
        served = self._served
        self._refuse(config)
        doors = await served.doors.opened(config.server.listen)
        members, admin = served.fleet.ready, None
        try:
            admin = await served.admin.next(config)
            await self._prepare(members, config, doors)
            self._refuse(config)
        except BaseException:
            doors.close_all_but(served.doors)
            served.admin.let_go(admin)
            for member in members:
                member.tell("abort", None)
            raise
        before = served.doors
        before.shut_all_but(doors)
        served.take(config, doors)
        # Said to all of them in this turn of the loop, and they cannot refuse.
        answers = await served.fleet.ask_each(members, "commit", timeout_s=_COMMIT_S)
        before.close_all_but(doors)
        # Whoever was not asked, because it was just beginning, has begun with what was.
        changed = {member for member, answer in answers.items() if not isinstance(answer, BaseException)}
        for member in served.fleet.members:
            if member not in changed and not member.is_dismissed:
                served.fleet.dismiss(member)
        await served.follow(admin)

    def _refuse(self, config: GatewayConfig) -> None:
        if self.is_stopping:
            raise ReloadRefused("the gateway is stopping")
        present = self._served.config
        refuse_restart_only(present, config)
        if config.store != present.store and isinstance(config.store, SharedStoreConfig) and config.store.path is None:
            raise ReloadRefused(
                "only a restart can change store: the memory that workers share is made at the start. Restart the"
                " gateway, or give store.path"
            )

    async def _prepare(self, members: list[Member], config: GatewayConfig, doors: Doors) -> None:
        """Have all *members* get ready for *config*. Raises: ReloadRefused: one of them cannot."""
        body, files = sent(doors.sockets)
        timeout_s = self._served.config.server.worker_timeout
        answers = await self._served.fleet.ask_each(
            members, "prepare", body, blob=self._served.terms_for(config), files=files, timeout_s=timeout_s
        )
        for member, answer in answers.items():
            if isinstance(answer, Refused):
                raise ReloadRefused(str(answer))
            if isinstance(answer, BaseException):
                raise ReloadRefused(f"worker {member.number} did not get ready for it: {str(answer) or 'too late'}")

    async def stop(self) -> None:
        """Give up what was asked for and has not begun to serve."""
        self.is_stopping = True
        await self._queue.stop()

    def __repr__(self) -> str:
        return f"<FleetReload {self.record!r}>"
