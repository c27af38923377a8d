"""The rules of ``CircuitBreaker``, the breaker for any program, and of pybreaker's parts behind it."""

from __future__ import annotations

import asyncio
import threading

import pybreaker
import pytest

from vizgate import BreakerSettings, CircuitBreaker, CircuitOpen
from vizgate.breaker.machine import State
from vizgate.breaker.pybreaker_listener import PybreakerListener
from vizgate.testing import ManualClock

SETTINGS = BreakerSettings(minimum_requests=2, open_for_s=30.0, half_open_requests=1)


def fail() -> None:
    raise OSError("no answer")


def tripped(clock: ManualClock, **more) -> CircuitBreaker:
    breaker = CircuitBreaker(SETTINGS, name="billing", clock=clock, **more)
    for _ in range(2):
        with pytest.raises(OSError, match="no answer"):
            breaker.call(fail)
    return breaker


def test_failures_open_it_and_time_lets_it_be_tried() -> None:
    """Open it raises, and says when to come again; after its time one call decides."""
    clock = ManualClock()
    breaker = tripped(clock)
    assert State.OPEN is breaker.state
    with pytest.raises(CircuitOpen) as refused:
        breaker.call(len, "abc")
    assert 30 <= refused.value.retry_after_s <= 33
    clock.advance(34.0)
    assert State.HALF_OPEN is breaker.state
    assert 3 == breaker.call(len, "abc")
    assert State.CLOSED is breaker.state


async def test_many_tasks_get_as_many_trials_as_allowed() -> None:
    """A hundred tasks come when it is half open: one is let through, the others are refused."""
    clock = ManualClock()
    breaker = tripped(clock)
    clock.advance(34.0)
    release = asyncio.Event()

    async def work() -> bool:
        try:
            async with breaker:
                await release.wait()
        except CircuitOpen:
            return False
        return True

    tasks = [asyncio.create_task(work()) for _ in range(100)]
    await asyncio.sleep(0)
    release.set()
    assert 1 == sum(await asyncio.gather(*tasks))
    assert State.CLOSED is breaker.state


async def test_cancelled_task_is_no_failure() -> None:
    """A caller that gives up says nothing about what was called, and gives its trial to the next."""
    clock = ManualClock()
    breaker = tripped(clock)
    clock.advance(34.0)

    async def hang() -> None:
        async with breaker:
            await asyncio.Event().wait()

    task = asyncio.create_task(hang())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert 3 == breaker.call(len, "abc")


def test_ignored_errors_say_nothing() -> None:
    """What the program takes for an answer is not held against the other side."""
    breaker = CircuitBreaker(SETTINGS, ignored=(KeyError,), clock=ManualClock())
    for _ in range(5):
        with pytest.raises(KeyError):
            breaker.call({}.__getitem__, "a")
    assert State.CLOSED is breaker.state


def test_blocks_may_be_nested_and_slow() -> None:
    """Each block has a permit and a time of its own."""
    clock = ManualClock()
    breaker = CircuitBreaker(BreakerSettings(minimum_requests=2, slow_rate=1.0), slow_s=1.0, clock=clock)
    with breaker:
        clock.advance(2.0)
        with breaker:
            clock.advance(2.0)
    assert State.OPEN is breaker.state


def test_threads_share_it() -> None:
    """Calls from many threads are all counted."""
    breaker = CircuitBreaker(BreakerSettings(minimum_requests=10_000), clock=ManualClock())

    def work() -> None:
        for _ in range(250):
            breaker.call(len, "abc")

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert "0 failed, 0 slow of 1000" in repr(breaker)


def test_force_keeps_it_open_until_told_otherwise() -> None:
    """An operator's word stands above the rules."""
    clock = ManualClock()
    breaker = CircuitBreaker(SETTINGS, clock=clock)
    breaker.force(State.OPEN)
    clock.advance(1000.0)
    with pytest.raises(CircuitOpen):
        breaker.call(len, "abc")
    breaker.force(None)
    assert 3 == breaker.call(len, "abc")


class Heard(pybreaker.CircuitBreakerListener):
    """Remembers what pybreaker's listeners are told."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def state_change(self, cb, old_state, new_state) -> None:
        self.said.append(f"{old_state.name} -> {new_state.name}")

    def success(self, cb) -> None:
        self.said.append("success")

    def failure(self, cb, exc) -> None:
        self.said.append(type(exc).__name__)


def test_listeners_and_storage_of_pybreaker_are_honoured() -> None:
    """Its listeners are told of calls and changes, and its storage holds the state, though our machine decides."""
    heard = Heard()
    storage = pybreaker.CircuitMemoryStorage(pybreaker.STATE_CLOSED)
    shown = pybreaker.CircuitBreaker(fail_max=1000, listeners=[heard], state_storage=storage, name="billing")
    clock = ManualClock()
    breaker = tripped(clock, listeners=(PybreakerListener(shown),))
    assert ["OSError", "closed -> open", "OSError"] == heard.said
    assert pybreaker.STATE_OPEN == storage.state
    assert storage.opened_at is not None
    clock.advance(34.0)
    breaker.call(len, "abc")
    assert ["open -> half-open", "half-open -> closed", "success"] == heard.said[3:]
    assert pybreaker.STATE_CLOSED == storage.state
