"""The rules of the retry budget."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.retry.budget import WINDOW_S, RetryBudget


def test_spend_is_bounded_by_the_share_of_requests() -> None:
    """Of 1,000 requests that all fail, 200 are tried again with 20 %."""
    budget = RetryBudget(share=0.2, floor=0)
    made = 0
    for number in range(1000):
        budget.request(number / 1000)
        made += budget.spend(number / 1000)
    assert 200 == made


def test_floor_is_let_through_with_little_traffic() -> None:
    """Without a floor a single request could never be tried again."""
    budget = RetryBudget(share=0.2, floor=3)
    budget.request(0.0)
    assert [True, True, True, False] == [budget.spend(0.1) for _ in range(4)]


def test_window_slides() -> None:
    """What was spent ten seconds ago does not count, what was spent nine seconds ago does."""
    budget = RetryBudget(share=0.2, floor=1)
    assert budget.spend(0.0)
    assert not budget.spend(9.0)
    assert budget.spend(10.0)
    assert (0, 1) == (budget.requests, budget.retries)


def test_budget_after_a_long_silence_is_empty() -> None:
    """A gap of any length leaves nothing behind."""
    budget = RetryBudget(share=0.5, floor=0)
    for _ in range(10):
        budget.request(3.0)
    assert budget.spend(3.0)
    budget.request(1e9)
    assert (1, 0) == (budget.requests, budget.retries)


_STEPS = st.lists(st.tuples(st.floats(0, 3), st.booleans()), max_size=200)


@given(steps=_STEPS, share=st.floats(0, 1), floor=st.integers(0, 5))
def test_retries_of_the_last_seconds_never_exceed_share_and_floor(
    steps: list[tuple[float, bool]], share: float, floor: int
) -> None:
    """Whatever comes when: a retry is let through only if it is within the floor or within the share of the requests
    of a window.
    """
    budget = RetryBudget(share, floor)
    now_s = 0.0
    requests: list[float] = []
    retries: list[float] = []
    for wait_s, is_retry in steps:
        now_s += wait_s
        if not is_retry:
            budget.request(now_s)
            requests.append(now_s)
        elif budget.spend(now_s):
            retries.append(now_s)
            recent = [at for at in retries if int(at) > int(now_s) - WINDOW_S]
            asked = [at for at in requests if int(at) > int(now_s) - WINDOW_S]
            assert len(recent) <= max(floor, share * len(asked))
    assert budget.requests <= len(requests)
    assert budget.retries <= len(retries)
