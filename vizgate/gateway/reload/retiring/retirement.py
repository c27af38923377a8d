"""The end of configurations that serve no more.

In: ``Retirement`` of one, ``Retirements`` of all. Not in: the swap (``gateway.server``).

A request is finished by the plan it began on, so the components of that plan stop when the last such request has ended.
Nobody counts requests by plan, which each of them would pay for: at the moment of the swap the connections are looked
at, and then, now and then, whether those that were busy are busy with the same request still.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine, Iterable, Sequence
from typing import Any

from vizgate.config import GatewayConfig
from vizgate.gateway.http1.connection import Connection
from vizgate.gateway.public import PublicSite
from vizgate.gateway.running.generation import Generation

_log = logging.getLogger("vizgate.reload")

#: How often busy connections are looked at, in seconds.
LOOK_EVERY_S = 0.05
#: The most configurations that end at once; with one more, the oldest has no more time.
MOST = 16

_AT_ONCE = 32

Chores = Sequence[Callable[[], Coroutine[Any, Any, object]]]


class UnderWay:
    """The requests that are served at *sites* now, tunnels excepted: these need nothing of their plan any more.

    ``calls``: what is done for a program, not for a client.
    """

    def __init__(self, sites: Iterable[PublicSite], calls: Collection[object]) -> None:
        self._busy: list[tuple[Connection, int]] = []
        self._visits: list[tuple[Collection[object], object]] = [(calls, call) for call in calls]
        for site in sites:
            self._busy += [(connection, connection.served) for connection in site.connections if not connection.is_idle]
            self._visits += [(site.visits, visit) for visit in site.visits]

    @property
    def is_over(self) -> bool:
        """Whether all of them have ended."""
        self._busy = [(connection, served) for connection, served in self._busy if not connection.is_past(served)]
        self._visits = [(where, visit) for where, visit in self._visits if visit in where]
        return not self._busy and not self._visits

    def __len__(self) -> int:
        return len(self._busy) + len(self._visits)


class Retirement:
    """Of *generation*. Args: chores: what is left of the swap, to be done at once and in order."""

    def __init__(self, generation: Generation, under_way: UnderWay, chores: Chores) -> None:
        self.generation = generation
        self._under_way = under_way
        self._chores = chores
        self._hurried = asyncio.Event()

    async def run(self, timeout_s: float) -> None:
        """Return when nothing of it is left. Args: timeout_s: how long requests may need it."""
        for chore in (self.generation.end, *self._chores):
            try:
                await chore()
            except Exception:  # noqa: BLE001  # the others must be done, too
                _log.exception("after a reload, %r failed", chore)
        await self._wait_over(timeout_s)
        await self.generation.stop()
        self.generation.release()

    async def _wait_over(self, timeout_s: float) -> None:
        time_s = asyncio.get_running_loop().time
        until_s = time_s() + timeout_s
        while not self._under_way.is_over and not self._hurried.is_set():
            if time_s() >= until_s:
                _log.info("%d requests of the configuration before go on without its components", len(self._under_way))
                return
            try:
                async with asyncio.timeout(LOOK_EVERY_S):
                    await self._hurried.wait()
            except TimeoutError:
                continue

    def hurry(self) -> None:
        """Wait for requests no longer."""
        self._hurried.set()

    def __repr__(self) -> str:
        return f"<Retirement of {self.generation!r} [{len(self._under_way)} requests]>"


async def _let_go(pieces: list[object]) -> None:
    """Drop *pieces* with turns of others in between: ten thousand routes at once take as long as many requests."""
    while pieces:
        del pieces[-_AT_ONCE:]
        await asyncio.sleep(0)


class Retirements:
    """Those under way. Args: ended: called with the configuration of each that has ended."""

    def __init__(self, ended: Callable[[GatewayConfig], None]) -> None:
        self._ended = ended
        self._running: dict[Retirement, asyncio.Task[None]] = {}
        self._others: set[asyncio.Task[None]] = set()

    @property
    def configs(self) -> list[GatewayConfig]:
        """The configurations that have not ended."""
        return [retirement.generation.config for retirement in self._running]

    def begin(self, retirement: Retirement, timeout_s: float) -> None:
        """Have *retirement* run in the background."""
        if len(self._running) >= MOST:
            next(iter(self._running)).hurry()
        task = asyncio.get_running_loop().create_task(retirement.run(timeout_s))
        self._running[retirement] = task
        task.add_done_callback(lambda _: self._end(retirement))

    def let_go(self, work: Coroutine[Any, Any, None]) -> None:
        """Have *work* done in the background, too."""
        task = asyncio.get_running_loop().create_task(work)
        self._others.add(task)
        task.add_done_callback(self._others.discard)

    def _end(self, retirement: Retirement) -> None:
        del self._running[retirement]
        self.let_go(_let_go(retirement.generation.pieces()))
        self._ended(retirement.generation.config)

    async def finish(self) -> None:
        """Return when all have ended, which wait for no request any more."""
        for retirement in self._running:
            retirement.hurry()
        await self.wait()

    async def wait(self) -> None:
        """Return when all have ended."""
        while self._running or self._others:
            await asyncio.wait([*self._running.values(), *self._others])

    def __len__(self) -> int:
        return len(self._running)

    def __repr__(self) -> str:
        return f"<Retirements [{len(self._running)} under way]>"
