"""The rules of ``Wakeup``, on both event loops."""

from __future__ import annotations

import asyncio
import socket
from contextvars import ContextVar

import pytest

from tests.unit.transport.conftest import Run
from vizgate.transport.wakeup import Wakeup, let_loop_poll

_name: ContextVar[str] = ContextVar("_name", default="none")


async def _turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


class _Waiter:
    """A task that waits again and again, and what it saw."""

    def __init__(self, wakeup: Wakeup) -> None:
        self.wakeup = wakeup
        self.seen: list[str] = []
        self.task = asyncio.get_running_loop().create_task(self._run())

    async def _run(self) -> None:
        while True:
            await self.wakeup
            self.seen.append(_name.get())


def test_wake_from_loop_callback_resumes_inside_it(run: Run) -> None:
    """From a callback of the loop the task goes on at once, not on the next turn."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        counts: list[int] = []

        def callback() -> None:
            for _ in range(3):
                wakeup.wake()
                counts.append(len(waiter.seen))

        loop.call_soon(callback)
        await _turns()
        assert counts == [1, 2, 3]
        waiter.task.cancel()

    run(scenario())


def test_wake_soon_from_task_resumes_on_next_turn(run: Run) -> None:
    """Where a task runs, the waiting one goes on with the loop's next turn, never inside the caller."""

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        wakeup.wake_soon()
        assert (waiter.seen, wakeup.is_waiting) == ([], False)
        await _turns()
        assert (waiter.seen, wakeup.is_waiting) == (["none"], True)
        waiter.task.cancel()

    run(scenario())


def test_wake_without_waiter_does_nothing(run: Run) -> None:
    """A wake is no signal that lasts: whoever waits later waits for the next one."""

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        wakeup.wake()
        wakeup.wake_soon()
        waiter = _Waiter(wakeup)
        await _turns()
        assert (waiter.seen, repr(wakeup)) == ([], "<Wakeup [waiting]>")
        waiter.task.cancel()
        await _turns()
        assert repr(wakeup) == "<Wakeup [idle]>"

    run(scenario())


def test_wake_keeps_context_of_waiting_task(run: Run) -> None:
    """Context variables are those of the task that waits, not those of the callback that wakes it."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)
        _name.set("waiter")
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        _name.set("caller")
        loop.call_soon(wakeup.wake)
        await _turns()
        wakeup.wake_soon()
        await _turns()
        assert waiter.seen == ["waiter", "waiter"]
        waiter.task.cancel()

    run(scenario())


def test_cancel_waiting_task_raises_inside_it(run: Run) -> None:
    """A waiting task can be cancelled and may clean up; the wakeup knows nothing of it and can be used again."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)
        cleaned: list[bool] = []

        async def wait() -> None:
            try:
                await wakeup
            finally:
                cleaned.append(True)

        task = loop.create_task(wait())
        await asyncio.sleep(0)
        assert not wakeup.done()
        assert task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (cleaned, wakeup.done(), wakeup.cancelled()) == ([True], True, False)
        again = loop.create_task(wait())
        await asyncio.sleep(0)
        loop.call_soon(wakeup.wake)
        await again

    run(scenario())


def test_cancel_after_wake_soon_is_not_lost(run: Run) -> None:
    """A task that was woken and is cancelled before it could go on ends cancelled."""

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        wakeup.wake_soon()
        waiter.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiter.task
        assert waiter.seen == []

    run(scenario())


def test_cancel_before_wake_wins(run: Run) -> None:
    """Once cancelled, a wake that comes before the task went on changes nothing."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        waiter.task.cancel()
        wakeup.wake_soon()
        wakeup.wake()
        with pytest.raises(asyncio.CancelledError):
            await waiter.task
        assert waiter.seen == []

    run(scenario())


def test_cancel_then_other_waiter_is_not_lost(run: Run) -> None:
    """Another task that waits before the cancelled one went on does not take its cancellation away."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)
        first = _Waiter(wakeup)
        await asyncio.sleep(0)
        second = _Waiter(wakeup)  # its first step is scheduled before the cancellation is
        first.task.cancel()
        await _turns()
        assert first.task.cancelled()
        assert not second.task.done()
        second.task.cancel()

    run(scenario())


def test_timeout_ends_wait(run: Run) -> None:
    """``asyncio.timeout`` and ``asyncio.wait_for`` work as with any future."""

    async def wait(wakeup: Wakeup) -> None:
        await wakeup

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.001):
                await wakeup
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(wait(wakeup), 0.001)
        assert not wakeup.is_waiting
        async with asyncio.timeout(10):
            asyncio.get_running_loop().call_soon(wakeup.wake)
            await wakeup

    run(scenario())


def test_task_error_stays_in_the_task(run: Run) -> None:
    """What the resumed task raises is its own affair: the callback that woke it goes on."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        wakeup = Wakeup(loop)

        async def fail() -> None:
            await wakeup
            raise ValueError("mine")

        task = loop.create_task(fail())
        await asyncio.sleep(0)
        went_on: list[bool] = []
        loop.call_soon(lambda: (wakeup.wake(), went_on.append(True)))
        with pytest.raises(ValueError, match="mine"):
            await task
        assert went_on == [True]

    run(scenario())


def test_second_waiter_is_refused(run: Run) -> None:
    """One task at a time: a second one is a mistake of the caller, and the first keeps waiting."""

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        waiter = _Waiter(wakeup)
        await asyncio.sleep(0)
        with pytest.raises(RuntimeError, match="two tasks"):
            await wakeup
        wakeup.wake_soon()
        await _turns()
        assert waiter.seen == ["none"]
        waiter.task.cancel()

    run(scenario())


def test_callback_can_be_removed(run: Run) -> None:
    """What ``asyncio`` adds it may take away again; a stranger's callback is not touched."""

    async def scenario() -> None:
        wakeup = Wakeup(asyncio.get_running_loop())
        called: list[object] = []
        wakeup.add_done_callback(called.append)
        assert wakeup.remove_done_callback(print) == 0
        wakeup.wake()
        assert called == [wakeup]
        wakeup.add_done_callback(called.append)
        assert wakeup.remove_done_callback(called.append) == 1
        wakeup.wake()
        assert (called, wakeup.cancel()) == ([wakeup], False)

    run(scenario())


def test_let_loop_poll_comes_back_behind_what_had_arrived(run: Run) -> None:
    """Bytes that are in a socket are told before the wait is over, on either loop."""

    async def scenario() -> None:
        here, there = socket.socketpair()
        with here, there:
            here.setblocking(False)
            told: list[str] = []
            loop = asyncio.get_running_loop()
            loop.add_reader(here.fileno(), told.append, "bytes")
            await asyncio.sleep(0)
            there.send(b"x")
            await let_loop_poll()
            loop.remove_reader(here.fileno())
            assert "bytes" in told

    run(scenario())
