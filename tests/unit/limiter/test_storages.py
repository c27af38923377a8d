"""Windows on the storages of the library ``limits``."""

from __future__ import annotations

import asyncio
import time

import pytest
from limits.aio.storage import MemoryStorage

from vizgate import StorageLimiter
from vizgate.extension.store import StoreFailed
from vizgate.testing import ManualClock


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The time, also as ``limits`` sees it, which asks the module ``time``."""
    clock = ManualClock()
    monkeypatch.setattr(time, "time", clock.wall)
    return clock


@pytest.mark.parametrize("algorithm", ["fixed_window", "sliding_window"])
async def test_take_admits_the_count_and_tells_when_a_retry_passes(algorithm, clock):
    """The count passes, the next cost does not, and it passes at the time that was told."""
    limiter = StorageLimiter("async+memory://", "10/minute", algorithm, timeout_s=5.0, clock=clock)
    decisions = [await limiter.take("k", 2) for _ in range(6)]
    assert [True] * 5 + [False] == [decision.allowed for decision in decisions]
    assert [8, 6, 4, 2, 0, 0] == [decision.remaining for decision in decisions]
    clock.advance(decisions[-1].retry_after_s)
    assert await limiter.take("k", 2)
    for _ in range(30):
        refused = await limiter.take("k", 3)
        if not refused:
            clock.advance(refused.retry_after_s)
            assert await limiter.take("k", 3)
        clock.advance(7)
    assert await limiter.take("other", 10)


async def test_take_storage_that_fails_or_hangs_is_told_as_such(clock):
    """Whatever a storage raises, and one that never answers, is a StoreFailed within the timeout."""

    class Broken(MemoryStorage):
        async def incr(self, *_: object, **__: object) -> int:
            raise ConnectionError("gone")

    class Hanging(MemoryStorage):
        async def incr(self, *_: object, **__: object) -> int:
            await asyncio.Event().wait()
            raise AssertionError

    with pytest.raises(StoreFailed, match="the storage failed: ConnectionError: gone"):
        await StorageLimiter(Broken(), "1/s", timeout_s=5.0).take("k")
    with pytest.raises(StoreFailed, match=r"did not answer within 0\.01 s"):
        await StorageLimiter(Hanging(), "1/s", timeout_s=0.01).take("k")


@pytest.mark.parametrize(
    ("storage", "rate", "message"),
    [
        ("memory://", "1/s", r"memory blocks. Write async\+memory:// for one that waits"),
        ("nothing://", "1/s", "unknown storage scheme"),
        ("async+memory://", "1/1.5s", "a window of 1.5 s cannot be kept there. Write whole seconds"),
        ("async+memory://", "often", "is not a rate"),
    ],
)
def test_limiter_refuses_what_it_cannot_keep(storage, rate, message):
    """A storage that would block the loop, one that does not exist, and windows of fractions are errors at once."""
    with pytest.raises(ValueError, match=message):
        StorageLimiter(storage, rate)


async def test_take_cost_that_can_never_pass_is_an_error(clock):
    """A cost over the count, or below one, is the caller's mistake."""
    limiter = StorageLimiter("async+memory://", "3/minute", clock=clock)
    for cost in (0, 4):
        with pytest.raises(ValueError, match=f"a cost must be from 1 to 3, not {cost}"):
            await limiter.take("k", cost)
    assert "<StorageLimiter 3/minute in MemoryStorage>" == repr(limiter)
