"""Stores for tests of limits: one that answers at once, one that answers later, one that fails."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from vizgate.extension.store import NO_CELLS, Cells, Program, StoreFailed
from vizgate.testing import ManualClock


async def until(condition: Callable[[], bool]) -> None:
    """Let others run until *condition* holds, which must be soon."""
    for _ in range(1000):
        if condition():
            return
        await asyncio.sleep(0)
    raise AssertionError("it never came true")


@dataclass
class LocalStore:
    """Keeps cells in a dict. ``fails``: whether nothing can be run. ``runs``: programs and arguments, in order."""

    clock: ManualClock
    fails: bool = False
    is_local: bool = True
    cells: dict[bytes, tuple[Cells, float]] = field(default_factory=dict)
    runs: list[tuple[str, Cells]] = field(default_factory=list)

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells | Awaitable[Cells]:
        return self.step(program, key, arguments)

    def step(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        if self.fails:
            raise StoreFailed("the store is away")
        self.runs.append((program.name, arguments))
        now_s = self.clock.wall()
        cells, expires_s = self.cells.get(key, (NO_CELLS, 0.0))
        step = program.run(cells if now_s < expires_s else NO_CELLS, now_s, arguments)
        self.cells[key] = (step.cells, now_s + step.ttl_s)
        if not step.cells:
            del self.cells[key]
        return step.result

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


@dataclass
class RemoteStore(LocalStore):
    """Answers when it is let go on. ``answers``: wraps a coroutine, as a future or as it is."""

    is_local: bool = False
    goes_on: asyncio.Event = field(default_factory=asyncio.Event)
    answers: Callable[..., Awaitable[Cells]] = asyncio.ensure_future

    def __post_init__(self) -> None:
        self.goes_on.set()

    def run(self, program: Program, key: bytes, arguments: Cells) -> Awaitable[Cells]:
        return self.answers(self._run(program, key, arguments))

    async def _run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        await asyncio.sleep(0)
        result = self.step(program, key, arguments)
        await self.goes_on.wait()
        return result
