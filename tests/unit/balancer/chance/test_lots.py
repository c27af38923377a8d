"""Members drawn by lot."""

from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.balancer.chance.lots import Lots, _alias_table
from vizgate.balancer.chance.weighted_random import WeightedRandom

NOBODY: frozenset[int] = frozenset()


def lots_of(weights: list[float]) -> Lots:
    return Lots(WeightedRandom.of(weights).members, random.Random(1))


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=40))
def test_alias_table_gives_each_its_weight(weights: list[float]) -> None:
    """What the slots hold of each member is its share, to rounding."""
    cuts, aliases = _alias_table(weights)
    share = [0.0] * len(weights)
    for slot, cut in enumerate(cuts):
        assert 0 <= cut <= 1 + 1e-9
        share[slot] += cut
        share[aliases[slot]] += 1 - cut
    assert [weight * len(weights) / sum(weights) for weight in weights] == pytest.approx(share, abs=1e-6)


def test_one_excluded_share_goes_by_weight() -> None:
    """With one excluded the others have what they have relative to each other, however much it was."""
    lots = lots_of([1, 3, 996])
    drawn = [lots.one({2}) for _ in range(20_000)]
    counts = Counter(member.index for member in drawn if member is not None)
    assert set(counts) == {0, 1}
    assert 0.24 < counts[0] / 20_000 < 0.26


def test_one_of_nobody_is_none() -> None:
    """With no members, or all of them excluded, there is nobody to draw."""
    assert lots_of([]).one(NOBODY) is None
    assert lots_of([1, 2]).one({0, 1}) is None


def test_another_is_another() -> None:
    """The second one is not the first, and not excluded."""
    lots = lots_of([1, 1, 1])
    for _ in range(200):
        first = lots.one({1})
        assert first is not None
        second = lots.another(first, {1})
        assert second is None or second.index not in {first.index, 1}
    alone = lots_of([1])
    only = alone.one(NOBODY)
    assert only is not None
    assert alone.another(only, NOBODY) is None


def test_repr_tells_how_many_there_are() -> None:
    """For a look in a debugger."""
    assert repr(lots_of([1, 2])) == "<Lots [2 members]>"
