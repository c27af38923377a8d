"""When keys are fetched."""

from __future__ import annotations

from itertools import pairwise
from math import inf
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.jwt.keys.refresh import RefreshSchedule


def schedule() -> RefreshSchedule:
    return RefreshSchedule(refresh_s=600.0, cooldown_s=30.0, chance=Random(1))


def test_first_fetch_is_due_at_once() -> None:
    """Without keys there is nothing to wait for."""
    assert -inf == schedule().due_s


def test_fetch_comes_before_the_keys_are_old() -> None:
    """They are fetched again a little before their time is over, not by all gateways in the same moment."""
    dues = set()
    for seed in range(20):
        one = RefreshSchedule(600.0, 30.0, Random(seed))
        one.began(100.0)
        one.succeeded(101.0)
        assert 101.0 + 480.0 <= one.due_s <= 101.0 + 540.0
        dues.add(one.due_s)
    assert len(dues) > 10


def test_max_age_shortens_but_never_below_the_cooldown() -> None:
    """The issuer may want its keys fetched more often, but cannot make the gateway hammer it, nor wait longer."""
    one = schedule()
    one.succeeded(0.0, max_age_s=100.0)
    assert 80.0 <= one.due_s <= 90.0
    one.succeeded(0.0, max_age_s=0.0)
    assert 30.0 == one.due_s
    one.succeeded(0.0, max_age_s=1e9)
    assert one.due_s <= 540.0


def test_unknown_key_fetches_at_most_once_in_a_cooldown() -> None:
    """The time counts from the beginning of the last fetch, whatever was its cause."""
    one = schedule()
    assert one.may_fetch_early(0.0)
    one.began(0.0)
    one.succeeded(1.0)
    assert [False, False, True] == [one.may_fetch_early(now_s) for now_s in (1.0, 29.9, 30.0)]


def test_failures_are_followed_by_longer_and_longer_waits() -> None:
    """Twice as long each time, give or take, up to a minute; a success begins anew."""
    one = schedule()
    waits = []
    for _ in range(9):
        one.failed(0.0)
        waits.append(one.due_s)
    for number, wait_s in enumerate(waits):
        assert 0.75 * min(2**number, 60) <= wait_s <= 1.25 * min(2**number, 60)
    one.succeeded(0.0)
    one.failed(0.0)
    assert (1, True) == (one.failures, one.due_s <= 1.25)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=200))
def test_fetches_for_tokens_are_never_closer_than_the_cooldown(steps: list[tuple[float, bool]]) -> None:
    """Whatever comes in whatever order: two fetches in the span of a cool-down are never both a token's doing."""
    one, now_s, began = schedule(), 0.0, []
    for wait_s, is_good in steps:
        now_s += wait_s
        if one.may_fetch_early(now_s):
            one.began(now_s)
            began.append(now_s)
            if is_good:
                one.succeeded(now_s)
            else:
                one.failed(now_s)
    assert all(later - earlier >= 30.0 for earlier, later in pairwise(began))
