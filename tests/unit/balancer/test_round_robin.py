"""The rules of ``RoundRobin``."""

from __future__ import annotations

from vizgate.balancer.round_robin import RoundRobin


def test_pick_nothing_excluded_takes_turns() -> None:
    """Targets come in order, and the first follows the last."""
    balancer = RoundRobin.of([1] * 3)
    assert [balancer.pick() for _ in range(7)] == [0, 1, 2, 0, 1, 2, 0]


def test_pick_excluded_target_gives_turn_to_next() -> None:
    """An excluded target is passed over, and the turn after it goes on from the one picked."""
    balancer = RoundRobin.of([1] * 3)
    assert [balancer.pick({0}), balancer.pick(), balancer.pick()] == [1, 2, 0]


def test_pick_all_excluded_keeps_turn() -> None:
    """When nobody can be picked, nobody loses a turn."""
    balancer = RoundRobin.of([1] * 2)
    balancer.pick()
    assert balancer.pick({0, 1}) is None
    assert balancer.pick() == 1


def test_pick_excluded_unknown_number_is_ignored() -> None:
    """A number that is no target's excludes nobody."""
    assert RoundRobin.of([1] * 1).pick({7}) == 0


def test_pick_without_members_is_none() -> None:
    """As long as nobody may be asked, nobody is picked."""
    assert RoundRobin().pick() is None


def test_update_keeps_the_turn() -> None:
    """When a member leaves or comes, the turn goes on where it was."""
    balancer = RoundRobin.of([1, 1, 1])
    everyone = balancer.members
    balancer.pick()
    balancer.update(everyone[1:])
    assert [balancer.pick(), balancer.pick(), balancer.pick()] == [1, 2, 1]
    balancer.update(everyone)
    assert [balancer.pick(), balancer.pick()] == [2, 0]


def test_repr_tells_counts() -> None:
    """The repr tells how many may be asked."""
    assert repr(RoundRobin.of([1] * 3)) == "<RoundRobin [3 members]>"
