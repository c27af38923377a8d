"""The rules of ``FailureWindow``."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.health.window import FailureWindow

_TIMES = st.lists(st.tuples(st.floats(0, 7), st.booleans()), max_size=40)


@given(_TIMES)
def test_window_holds_what_is_not_older_than_itself_and_all_of_its_last_half(steps: list[tuple[float, bool]]) -> None:
    """It counts no attempt twice, none that is too old, and every one of the last half."""
    window, seen, now_s = FailureWindow(10.0), list[tuple[float, bool]](), 0.0
    for step_s, failed in steps:
        now_s += step_s
        window.add(now_s, failed=failed)
        seen.append((now_s, failed))
        widest = [bad for at_s, bad in seen if at_s > now_s - 10.0 - 1e-9]
        narrowest = [bad for at_s, bad in seen if at_s > now_s - 1e-9 - now_s % 5.0]
        assert len(narrowest) <= window.total <= len(widest)
        assert sum(narrowest) <= window.failed <= sum(widest)


def test_failure_of_a_counted_attempt_counts_as_failure_only() -> None:
    """An answer that broke off was one attempt."""
    window = FailureWindow(10.0)
    window.add(1.0, failed=False)
    window.add(2.0, failed=True, counts_anew=False)
    assert (1, 1) == (window.total, window.failed)
