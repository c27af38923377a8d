"""The rules of the two windows."""

from __future__ import annotations

from collections import deque

from hypothesis import given
from hypothesis import strategies as st

from vizgate.breaker.window import FAILED, GOOD, SLOW, CountWindow, TimeWindow

RESULTS = st.sampled_from([GOOD, FAILED, SLOW, FAILED | SLOW])


@given(st.lists(RESULTS, max_size=100), st.integers(1, 20))
def test_count_window_holds_the_last_calls(results: list[int], size: int) -> None:
    """Whatever came before the last *size* calls is forgotten."""
    window = CountWindow(size)
    last: deque[int] = deque(maxlen=size)
    for result in results:
        window.add(result, 0.0)
        last.append(result)
        assert (window.total, window.failed, window.slow) == (
            len(last),
            sum(bool(each & FAILED) for each in last),
            sum(bool(each & SLOW) for each in last),
        )


@given(st.lists(st.tuples(st.integers(0, 15), RESULTS), max_size=100))
def test_time_window_holds_the_calls_of_its_time(steps: list[tuple[int, int]]) -> None:
    """Of a window of 10 s, in slices of a second: the calls of this slice and of the nine before it."""
    window = TimeWindow(10.0)
    now_s, calls = 0, []
    for wait_s, result in steps:
        now_s += wait_s
        window.add(result, float(now_s))
        calls.append((now_s, result))
        recent = [each for at, each in calls if at > now_s - 10]
        assert (window.total, window.failed, window.slow) == (
            len(recent),
            sum(bool(each & FAILED) for each in recent),
            sum(bool(each & SLOW) for each in recent),
        )


def test_clear_forgets_everything() -> None:
    """A window that was cleared is as good as new."""
    for window in (TimeWindow(10.0), CountWindow(3)):
        window.add(FAILED | SLOW, 1.0)
        window.clear()
        window.add(GOOD, 1.0)
        assert (1, 0, 0) == (window.total, window.failed, window.slow)


def test_spoil_turns_a_good_call_into_a_failure() -> None:
    """It is no call of its own, and there are never more failures than calls."""
    for window in (TimeWindow(10.0), CountWindow(3)):
        for result in (GOOD, FAILED, GOOD):
            window.add(result, 1.0)
        for _ in range(5):
            window.spoil(2.0)
        assert (3, 3) == (window.total, window.failed)
        window.add(GOOD, 20.0)
        assert window.failed == (0 if isinstance(window, TimeWindow) else 2)
