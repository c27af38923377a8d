"""All workers of a gateway: as many as there should be, whatever happens to one of them.

In: ``Fleet``. Not in: one worker (``supervisor.member``), what they are told to serve (``supervisor.supervisor``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from heapq import heappop, heappush
from typing import Any, Protocol

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.gateway.workers.birth.nursery import Exit, Nursery
from vizgate.gateway.workers.channel.channel import Asked, Channel, ChannelClosed, Refused, Serve
from vizgate.gateway.workers.rules.backoff import BackOff
from vizgate.gateway.workers.supervisor.member import Member, Phase
from vizgate.observe.metrics import Metrics
from vizgate.transport.sharing.page import MOST_WORKERS, LoadPage

_log = logging.getLogger("vizgate.workers")

# How much longer than its requests a worker may take to end, in seconds.
_MARGIN_S = 5.0

#: Answers a question of the given worker.
ServeMember = Callable[[Member, Asked], Awaitable[Any]]


class WorkerFailed(VizgateError):
    """A worker could not start; the message says why."""


class Equipment(Protocol):
    """What a worker begins with, at the time when it is asked for."""

    def body(self, seat: int) -> tuple[dict[str, Any], bytes, list[int]]:
        """The body, the bytes and the descriptors of the question ``begin``."""
        ...


class Fleet:
    """Args: serve: answers what workers ask, by name. page: where they tell their loads. timeout_s: how long a loop may
    stand still.
    """

    def __init__(
        self, equipment: Equipment, serve: Mapping[str, ServeMember], page: LoadPage, clock: Clock, metrics: Metrics
    ) -> None:
        self._equipment = equipment
        self._serve = {**serve, "leaving": self._on_leaving}
        self._page = page
        self._clock = clock
        self._exits = metrics.counters("worker_exits", "Workers that ended without being told to.", ("reason",))
        metrics.gauges("workers", "Workers that serve.", (), lambda: [((), float(len(self.ready)))])
        self._nursery = Nursery()
        self._seats: dict[int, Member] = {}
        self._free_seats = list(range(1, MOST_WORKERS + 1))
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._resizing = asyncio.Lock()
        self._is_stopping = False
        self.timeout_s = 60.0
        #: How long requests in flight of a worker that leaves may take.
        self.drain_s = 30.0
        #: Called with each worker that has ended.
        self.on_end: Callable[[Member], None] = lambda _: None

    @property
    def members(self) -> list[Member]:
        """Every worker whose process is there."""
        return list(self._seats.values())

    @property
    def ready(self) -> list[Member]:
        """Those that serve and go on to."""
        return [member for member in self.members if member.phase is Phase.READY]

    @property
    def size(self) -> int:
        """How many workers there should be."""
        return len(self._keepers)

    # as many as there should be

    async def start(self, count: int) -> None:
        """Have workers 1 to *count* serve. Raises: WorkerFailed: one of them cannot; the others are for ``stop``."""
        async with self._resizing:
            starting = [asyncio.ensure_future(self._new(number)) for number in range(1, count + 1)]
            try:
                members = await asyncio.gather(*starting)
            except BaseException:
                for task in starting:
                    task.cancel()
                await asyncio.wait(starting)
                raise
            for member in members:
                self._keep(member.number, member)

    async def resize(self, count: int) -> None:
        """Have *count* workers: more start and are waited for, surplus ones finish their requests. One that cannot
        start is logged and tried again, as one that has died.
        """
        async with self._resizing:
            for number in sorted(self._keepers)[count:]:
                self._keepers.pop(number).cancel()
                for member in self.members:
                    if member.number == number:
                        self.dismiss(member)
            missing = [number for number in range(1, count + 1) if number not in self._keepers]
            tried = await asyncio.gather(*map(self._tried, missing))
            for number, found in zip(missing, tried, strict=True):
                self._keep(number, found)

    def _keep(self, number: int, member: Member | None) -> None:
        self._keepers[number] = asyncio.get_running_loop().create_task(self._keep_filled(number, member))

    async def _keep_filled(self, number: int, present: Member | None) -> None:
        """Replace *present* when it is gone, and whoever replaces it."""
        back_off, lived_s = BackOff(), 0.0
        while True:
            ended = None if present is None else await present.wait_replaceable()
            if present is not None:
                lived_s = self._clock.monotonic() - present.since_s
            if present is None or not (ended is None or present.is_dismissed):
                await asyncio.sleep(back_off.wait_s(lived_s))
            begun_s = self._clock.monotonic()
            present = await self._tried(number)
            lived_s = self._clock.monotonic() - begun_s

    async def _tried(self, number: int) -> Member | None:
        """A worker that serves; None when that could not be."""
        try:
            return await self._new(number)
        except WorkerFailed as exc:
            _log.error("worker %d does not start: %s", number, exc)
            return None

    # one of them

    async def _new(self, number: int) -> Member:
        """A worker that serves. Raises: WorkerFailed: it does not."""
        try:
            member = await self._born(number)
        except OSError as exc:
            raise WorkerFailed(f"no process for worker {number}: {exc.strerror or exc}") from exc
        self._spawn(self._bury(member))
        self._spawn(member.watch(lambda: self.timeout_s))
        try:
            await member.begin(*self._equipment.body(member.seat))
        except asyncio.CancelledError:
            member.is_dismissed = True
            raise
        except Refused as exc:
            member.is_dismissed = True
            raise WorkerFailed(str(exc)) from exc
        except ChannelClosed as exc:
            raise WorkerFailed(f"worker {number} {await member.child.wait_ended()} while it was starting") from exc
        finally:
            if member.phase is not Phase.READY:
                member.kill()
        _log.info("worker %d serves (process %d)", number, member.child.pid)
        return member

    async def _born(self, number: int) -> Member:
        if not self._free_seats:
            raise WorkerFailed("there are too many workers")
        seat = heappop(self._free_seats)
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                child = await self._nursery.start(number, theirs)
            except BaseException:
                ours.close()
                heappush(self._free_seats, seat)
                raise
        if self._is_stopping:
            child.signal(signal.SIGKILL)
            ours.close()
            raise WorkerFailed("the gateway is stopping")
        serve: dict[str, Serve] = {}
        member = Member(number, seat, child, Channel(ours, serve), self._clock.monotonic())
        serve.update((name, partial(answer, member)) for name, answer in self._serve.items())
        self._seats[seat] = member
        self._page.use(max(self._seats))
        member.channel.open()
        return member

    async def _on_leaving(self, member: Member, _asked: Asked) -> None:
        _log.info("worker %d leaves (process %d)", member.number, member.child.pid)
        member.leave()

    async def _bury(self, member: Member) -> None:
        """Wait for the end of *member*, and leave nothing of it."""
        ended = await member.child.wait_ended()
        self._page.leave(member.seat)
        del self._seats[member.seat]
        heappush(self._free_seats, member.seat)
        member.channel.close()
        self.on_end(member)
        if member.is_dismissed:
            return
        reason = _reason(member, ended)
        self._exits.of(reason).value += 1
        if reason != "left":
            _log.error("worker %d (process %d) %s", member.number, member.child.pid, ended)

    # all of them

    async def ask_each(
        self,
        members: list[Member],
        name: str,
        body: Any = None,
        *,
        timeout_s: float,
        blob: bytes = b"",
        files: Sequence[int] = (),
    ) -> dict[Member, Any]:
        """What each of *members* answers within *timeout_s*, or why it does not. See ``Channel.ask``."""

        async def ask(member: Member) -> Any:
            return await member.channel.ask(name, body, blob=blob, files=files, timeout_s=timeout_s)

        answers = await asyncio.gather(*(ask(member) for member in members), return_exceptions=True)
        return dict(zip(members, answers, strict=True))

    async def ask_all(
        self, members: list[Member], name: str, body: Any = None, *, timeout_s: float
    ) -> dict[Member, Any]:
        """What *members* answer, without those that do not within *timeout_s*."""
        answers = await self.ask_each(members, name, body, timeout_s=timeout_s)
        for member, answer in answers.items():
            if isinstance(answer, BaseException):
                _log.warning("worker %d does not answer (%s): %s", member.number, name, str(answer) or "too late")
        return {member: answer for member, answer in answers.items() if not isinstance(answer, BaseException)}

    def tell_all(self, name: str) -> None:
        """Say *name* to every worker."""
        for member in self.members:
            member.tell(name, None)

    def dismiss(self, member: Member) -> None:
        """Have another worker in the place of *member*, which finishes its requests."""
        self._spawn(self._end(member, self.drain_s, is_last=False))

    async def stop(self, timeout_s: float) -> None:
        """End all workers; requests in flight may take *timeout_s*. A second call hurries the first."""
        self._is_stopping = True
        for keeper in self._keepers.values():
            keeper.cancel()
        self._keepers.clear()
        await asyncio.gather(*(self._end(member, timeout_s, is_last=True) for member in self.members))

    async def _end(self, member: Member, timeout_s: float, *, is_last: bool) -> None:
        if member.phase is Phase.STARTING:
            member.is_dismissed = True
            member.kill()  # it serves nobody
        telling = asyncio.ensure_future(member.stop(timeout_s, is_last=is_last))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout_s + _MARGIN_S):
                await member.child.wait_ended()
        if not member.child.has_ended:
            _log.error("worker %d (process %d) does not end", member.number, member.child.pid)
            member.kill()
            await member.child.wait_ended()
        await asyncio.wait([telling])

    async def wait_buried(self) -> None:
        """Return when nothing is left to do for workers that have ended."""
        while self._tasks:
            await asyncio.wait(list(self._tasks))

    def _spawn(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def __repr__(self) -> str:
        return f"<Fleet [{len(self.ready)} of {self.size} ready]>"


def _reason(member: Member, ended: Exit) -> str:
    """Why *member* ended, for the metric: one of a few words."""
    if member.is_hung:
        return "hung"
    if member.phase is Phase.LEAVING:
        return "left"
    if ended.code is None or ended.code == 0:
        return "ended"
    return "killed" if ended.code < 0 else "failed"
