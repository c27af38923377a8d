"""The window rules beside those of the library ``limits``, with its clock set by hand."""

from __future__ import annotations

import time

import limits
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter, SlidingWindowCounterRateLimiter

from vizgate import FixedWindow, SlidingWindow

START_S = 1_767_225_600.0


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time as ``limits`` sees it, which asks the module ``time``."""
    present = [START_S]
    monkeypatch.setattr(time, "time", lambda: present[0])
    return present


def storage() -> MemoryStorage:
    """Without the thread that sweeps it, which a test would leave behind."""
    kept = MemoryStorage()
    kept.timer.cancel()
    return kept


MOVES = st.lists(st.tuples(st.integers(0, 2**8).map(lambda step: step / 4), st.integers(1, 3)), max_size=60)
fixture_is_set_anew = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@fixture_is_set_anew
@given(moves=MOVES, count=st.integers(3, 30))
def test_fixed_window_decides_as_limits_does(now, moves, count):
    """Every decision of the fixed window is that of the library, where its window begins with the clock's, too."""
    now[0] = START_S
    ours, theirs = FixedWindow(f"{count}/minute"), FixedWindowRateLimiter(storage())
    item = limits.RateLimitItemPerMinute(count)
    for step, cost in moves:
        now[0] += step
        # The library begins a window with the first hit; a new window of the clock is a new key for it.
        window = str(now[0] // 60)
        expected = theirs.test(item, window, cost=cost)
        if expected:
            theirs.hit(item, window, cost=cost)
        assert expected == ours.take("key", cost, now_s=now[0]).allowed


@fixture_is_set_anew
@given(moves=MOVES, count=st.integers(3, 30))
def test_sliding_window_is_that_of_limits_without_rounding_down(now, moves, count):
    """What passes here passes there, too; only where the library drops a fraction of the estimate may it pass more."""
    now[0] = START_S
    ours, theirs = SlidingWindow(f"{count}/minute"), SlidingWindowCounterRateLimiter(storage())
    item = limits.RateLimitItemPerMinute(count)
    for step, cost in moves:
        now[0] += step
        before, before_s, current, _ = theirs.storage.get_sliding_window(item.key_for("key"), 60)
        estimate = before * before_s / 60 + current
        decision = ours.take("key", cost, now_s=now[0])
        # The library's floats are off by a few millionths of a request; at the very border it is no judge.
        if abs(estimate + cost - count) > 1e-4:
            assert decision.allowed == (estimate + cost < count)
        if decision.allowed:
            assert theirs.hit(item, "key", cost=cost)
