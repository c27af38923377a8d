"""The rules of ``ReloadQueue``: one at a time, and who asks later gets what he has seen."""

from __future__ import annotations

import asyncio

import pytest

from vizgate.gateway.reload.queue import ReloadQueue


class Scripted:
    """A reload that reads ``value`` when it begins, and ends when it may."""

    def __init__(self) -> None:
        self.value = 0
        self.read: list[int] = []
        self.gate = asyncio.Event()
        self.error: Exception | None = None

    async def __call__(self) -> None:
        self.read.append(self.value)
        await self.gate.wait()
        if self.error is not None:
            raise self.error


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_ask_while_one_runs_gets_the_next() -> None:
    """It has begun after what the asker saw; a thousand who wait share one."""
    scripted = Scripted()
    queue = ReloadQueue(scripted)
    first = asyncio.create_task(queue.ask())
    await turns()
    scripted.value = 1
    others = [asyncio.create_task(queue.ask()) for _ in range(1000)]
    await turns()
    assert [0] == scripted.read
    scripted.gate.set()
    await asyncio.gather(first, *others)
    assert [0, 1] == scripted.read


async def test_everybody_who_asked_is_told_why() -> None:
    """And the next one may succeed."""
    scripted = Scripted()
    scripted.gate.set()
    scripted.error = ValueError("a bad file")
    queue = ReloadQueue(scripted)
    for failed in await asyncio.gather(*(queue.ask() for _ in range(3)), return_exceptions=True):
        assert "a bad file" == str(failed)
    scripted.error = None
    await queue.ask()


async def test_asker_who_leaves_does_not_end_it_for_the_others() -> None:
    """A client of the admin API may hang up."""
    scripted = Scripted()
    queue = ReloadQueue(scripted)
    first, second = (asyncio.create_task(queue.ask()) for _ in range(2))
    await turns()
    first.cancel()
    await turns()
    scripted.gate.set()
    await second
    assert [0] == scripted.read


async def test_stop_gives_up_what_runs_and_what_waits() -> None:
    """Nobody waits for ever."""
    scripted = Scripted()
    queue = ReloadQueue(scripted)
    running = asyncio.create_task(queue.ask())
    await turns()
    waiting = asyncio.create_task(queue.ask())
    await turns()
    await queue.stop()
    for asked in (running, waiting):
        with pytest.raises(asyncio.CancelledError):
            await asked
    assert "idle, none waiting" in repr(queue)
