"""The rules of ``WeightedRoundRobin``."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.balancer.weighted import WeightedRoundRobin
from vizgate.extension.kinds.balancer import Member

weights_lists = st.lists(st.integers(1, 50), min_size=1, max_size=8)


def _nginx(weights: list[int], picks: int) -> list[int]:
    """The algorithm as nginx has it, word for word: the model to compare with."""
    current = [0] * len(weights)
    chosen = []
    for _ in range(picks):
        for index, weight in enumerate(weights):
            current[index] += weight
        best = max(range(len(weights)), key=lambda index: (current[index], -index))
        current[best] -= sum(weights)
        chosen.append(best)
    return chosen


def test_pick_five_one_one_is_spread_out() -> None:
    """The heavy target does not get its five picks in a row."""
    balancer = WeightedRoundRobin.of([5, 1, 1])
    assert [balancer.pick() for _ in range(7)] == [0, 0, 1, 0, 2, 0, 0]


@settings(deadline=None)
@given(weights_lists)
def test_pick_nothing_excluded_equals_nginx(weights: list[int]) -> None:
    """With nothing excluded the picks are those of nginx, over more than two cycles."""
    balancer = WeightedRoundRobin.of(weights)
    picks = 2 * sum(weights) + 3
    assert _nginx(weights, picks) == [balancer.pick() for _ in range(picks)]


@settings(deadline=None)
@given(weights_lists)
def test_pick_one_cycle_gives_each_exactly_its_weight(weights: list[int]) -> None:
    """Over one cycle nobody gets a pick more or less than its weight."""
    balancer = WeightedRoundRobin.of(weights)
    assert dict(enumerate(weights)) == Counter(balancer.pick() for _ in range(sum(weights)))


@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(1, 65_535), min_size=2, max_size=20))
def test_pick_cycle_too_long_to_lay_out_still_follows_weights(weights: list[int]) -> None:
    """With weights whose cycle is not laid out nobody is ever far ahead of its share or behind it: one pick, and its
    share of the half picks that everybody may be off.
    """
    weights.append(65_521)
    balancer = WeightedRoundRobin.of(weights)
    assert "0 picks laid out" in repr(balancer)
    counts: Counter[int | None] = Counter()
    shares = [weight / sum(weights) for weight in weights]
    for number in range(1, 300):
        counts[balancer.pick()] += 1
        for index, share in enumerate(shares):
            assert abs(counts[index] - number * share) <= 1 + share * len(shares) / 2


def test_update_again_and_again_lets_nobody_starve() -> None:
    """Weights that change faster than a light target has its turn, as in a slow start, do not take the turn away."""
    balancer = WeightedRoundRobin.of([1, 1])
    states = [member.state for member in balancer.members]
    counts: Counter[int | None] = Counter()
    for step in range(2000):
        balancer.update((Member(0, 100.0 + step / 10_000, states[0]), Member(1, 1.0, states[1])))
        counts[balancer.pick()] += 1
    assert 15 <= counts[1] <= 25


def test_weighted_common_divisor_is_taken_out() -> None:
    """Weights 1000 and 3000 are weights 1 and 3."""
    assert repr(WeightedRoundRobin.of([1000, 3000])) == "<WeightedRoundRobin [weights 1000:3000, 4 picks laid out]>"


def test_pick_excluded_share_goes_by_weight() -> None:
    """The picks of an excluded target are shared 3 to 1 by targets of weights 3 and 1."""
    balancer = WeightedRoundRobin.of([3, 1, 6])
    assert Counter(balancer.pick({2}) for _ in range(100)) == {0: 75, 1: 25}


def test_pick_all_excluded_changes_nothing() -> None:
    """When nobody can be picked, nobody gains credit."""
    balancer = WeightedRoundRobin.of([2, 1])
    assert balancer.pick({0, 1}) is None
    assert [balancer.pick() for _ in range(3)] == [0, 1, 0]


@given(weights_lists, st.lists(st.sets(st.integers(0, 7)), max_size=60))
def test_pick_changing_exclusions_never_picks_excluded(weights: list[int], exclusions: list[set[int]]) -> None:
    """Whatever is excluded from pick to pick, an excluded target is never picked and an allowed one always is."""
    balancer = WeightedRoundRobin.of(weights)
    for excluded in exclusions:
        allowed = set(range(len(weights))) - excluded
        chosen = balancer.pick(excluded)
        assert chosen in allowed if allowed else chosen is None


@pytest.mark.parametrize("weights", [[1, 0], [-1]])
def test_weighted_bad_weights_are_refused(weights: list[int]) -> None:
    """A weight that is not above 0 is a mistake of the caller, found at once."""
    with pytest.raises(ValueError, match="weight"):
        WeightedRoundRobin.of(weights)


def test_weighted_broken_weights_follow_their_share() -> None:
    """Weights that are no whole numbers, as in a slow start, are followed as well."""
    balancer = WeightedRoundRobin.of([1.0, 0.25])
    assert Counter(balancer.pick() for _ in range(1000)) == {0: 800, 1: 200}
