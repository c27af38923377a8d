"""Turns in proportion to weights."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vizgate.balancer.turns import FairTurns

WEIGHTS = st.lists(st.floats(0.01, 100), min_size=1, max_size=8)


def test_take_is_spread_out() -> None:
    """The heavy one does not have its turns in a row, nor the light ones theirs at the end."""
    turns = FairTurns([(0, 5), (1, 1), (2, 1)])
    assert [0, 0, 0, 1, 2, 0, 0] == [turns.take() for _ in range(7)]


@given(WEIGHTS)
def test_take_follows_any_weights(weights: list[float]) -> None:
    """After any number of turns everybody has had its share, but for one turn and its share of everybody's half."""
    turns = FairTurns(enumerate(weights))
    counts: Counter[int | None] = Counter()
    for number in range(1, 200):
        counts[turns.take()] += 1
        for index, weight in enumerate(weights):
            share = weight / sum(weights)
            assert abs(counts[index] - number * share) <= 1.001 + share * len(weights) / 2


def test_take_after_an_absence_gives_one_turn_at_once_and_no_burst() -> None:
    """Who was excluded for a hundred turns is next, and then takes turns as before."""
    turns = FairTurns([(0, 1), (1, 1)])
    assert {1} == {turns.take({0}) for _ in range(100)}
    after = [turns.take() for _ in range(10)]
    assert after[0] == 0
    assert 4 <= after.count(0) <= 6


def test_take_nobody_left_is_none_and_changes_nothing() -> None:
    """With everybody excluded nobody loses a turn."""
    turns = FairTurns([(0, 1), (1, 1)])
    assert turns.take() == 0
    assert turns.take({0, 1}) is None
    assert [1, 0] == [turns.take(), turns.take()]
    assert FairTurns().take() is None


@given(WEIGHTS, st.lists(st.sets(st.integers(0, 7)), max_size=50))
def test_take_never_gives_a_turn_to_an_excluded_one(weights: list[float], exclusions: list[set[int]]) -> None:
    """Whatever is excluded from turn to turn."""
    turns = FairTurns(enumerate(weights))
    for excluded in exclusions:
        allowed = set(range(len(weights))) - excluded
        taken = turns.take(excluded)
        assert taken in allowed if allowed else taken is None


def test_update_keeps_how_long_each_has_waited() -> None:
    """A weight that changes does not send anybody back to the end of the line."""
    turns = FairTurns([(0, 1), (1, 1), (2, 1)])
    assert [0, 1] == [turns.take(), turns.take()]
    turns.update([(0, 1.1), (1, 1.1), (2, 1.1)])
    assert turns.take() == 2


def test_repr_tells_how_many_take_part() -> None:
    """For a look in a debugger."""
    assert repr(FairTurns([(0, 1), (1, 2)])) == "<FairTurns [2 take part]>"
