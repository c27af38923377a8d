"""The rules of ``RoundRobin``."""

from __future__ import annotations

import pytest

from vizgate.balancer.round_robin import RoundRobin
from vizgate.testing import check_balancer


def test_round_robin_any_targets_meets_contract() -> None:
    """Never an excluded target, equal shares over 100,000 picks, the same picks every time."""
    check_balancer(lambda weights: RoundRobin(len(weights)))


def test_pick_nothing_excluded_takes_turns() -> None:
    """Targets come in order, and the first follows the last."""
    balancer = RoundRobin(3)
    assert [balancer.pick() for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_pick_excluded_target_gives_turn_to_next() -> None:
    """An excluded target is passed over, and the turn after it goes on from the one picked."""
    balancer = RoundRobin(3)
    assert [balancer.pick({0}), balancer.pick(), balancer.pick()] == [1, 2, 0]


def test_pick_all_excluded_keeps_turn() -> None:
    """When nobody can be picked, nobody loses a turn."""
    balancer = RoundRobin(2)
    balancer.pick()
    assert balancer.pick({0, 1}) is None
    assert balancer.pick() == 1


def test_pick_excluded_unknown_number_is_ignored() -> None:
    """A number that is no target's excludes nobody."""
    assert RoundRobin(1).pick({7}) == 0


@pytest.mark.parametrize("count", [0, -1])
def test_round_robin_no_targets_is_refused(count: int) -> None:
    """A balancer over nothing is a mistake of the caller, found at once."""
    with pytest.raises(ValueError, match="at least one target"):
        RoundRobin(count)


def test_repr_tells_counts() -> None:
    """The repr tells how many targets there are and whose turn it is."""
    assert repr(RoundRobin(3)) == "<RoundRobin [3 targets, next 0]>"
