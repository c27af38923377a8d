"""The balancer suite finds balancers that break the contract."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import pytest

from vizgate.balancer.least_connections import LeastConnections
from vizgate.balancer.round_robin import RoundRobin
from vizgate.extension.kinds.balancer import Balancer, Member
from vizgate.testing import check_balancer


class _First(Balancer):
    """Always the first that is allowed: correct, but not fair."""

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        return next((member.index for member in self.members if member.index not in excluded), None)


class _Careless(RoundRobin):
    """Picks an excluded target rather than none of the others."""

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        return super().pick() if len(excluded) == 1 else super().pick(excluded)


class _Stubborn(RoundRobin):
    """Never says that nobody is left."""

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        chosen = super().pick(excluded)
        return 0 if chosen is None else chosen


class _Faithful(RoundRobin):
    """Goes on picking a target that is no member any more."""

    def update(self, members: tuple[Member, ...]) -> None:
        if len(members) >= len(self.members):
            super().update(members)
        elif not members:
            super().update(())


class _Scanning(Balancer):
    """Looks at every target for each pick."""

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        loads = [(member.state.in_flight, member.index) for member in self.members if member.index not in excluded]
        return min(loads)[1] if loads else None

    def started(self, index: int) -> None:
        """Have whoever was asked go to the end of the line."""
        self.members = (
            *(member for member in self.members if member.index != index),
            *(member for member in self.members if member.index == index),
        )


class _Hoarding(LeastConnections):
    """Does not hear any more when an attempt at the first target ends, once there were many."""

    is_deaf = False

    def ended(self, index: int) -> None:
        self.is_deaf = self.is_deaf or self.members[0].state.in_flight > 50
        if index or not self.is_deaf:
            super().ended(index)

    def _look_at_one(self) -> None:
        """Do not look."""


class _Greedy(RoundRobin):
    """Gives a target that was away all the turns it has missed."""

    def __init__(self, *arguments: object) -> None:
        super().__init__(*arguments)
        self.counts: Counter[int] = Counter()

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        allowed = [member.index for member in self.members if member.index not in excluded]
        if not allowed:
            return None
        picked = min(allowed, key=lambda index: (self.counts[index], index))
        self.counts[picked] += 1
        return picked


def _forgetful(weights: Sequence[int]) -> Balancer:
    """A balancer whose first turn depends on how many were made before it."""
    balancer = RoundRobin.of([1] * len(weights))
    for _ in range(_forgetful.made):  # type: ignore[attr-defined]
        balancer.pick()
    _forgetful.made += 1  # type: ignore[attr-defined]
    return balancer


_forgetful.made = 0  # type: ignore[attr-defined]


def test_check_balancer_unfair_is_found() -> None:
    """A balancer with one favourite fails, and the message tells the shares."""
    with pytest.raises(AssertionError, match=r"target 0 got 100\.000%, not 50\.000%"):
        check_balancer(_First.of)


def test_check_balancer_excluded_pick_is_found() -> None:
    """A balancer that picks an excluded target fails."""
    with pytest.raises(AssertionError, match="excluded"):
        check_balancer(_Careless.of)


def test_check_balancer_pick_from_nobody_is_found() -> None:
    """A balancer that picks although everyone is excluded fails."""
    with pytest.raises(AssertionError, match="every target is excluded"):
        check_balancer(_Stubborn.of)


def test_check_balancer_unrepeatable_is_found() -> None:
    """A balancer that two runs see differently fails."""
    with pytest.raises(AssertionError, match="differs between two runs"):
        check_balancer(_forgetful)


def test_check_balancer_pick_of_no_member_is_found() -> None:
    """A balancer that picks a drained or ejected target fails."""
    with pytest.raises(AssertionError, match=r"picked \d with \[.*\] members"):
        check_balancer(_Faithful.of)


def test_check_balancer_scan_is_found() -> None:
    """A balancer that looks at every target for each pick fails."""

    def make(weights: Sequence[int]) -> Balancer:
        # What the other checks find is not the matter here.
        return RoundRobin.of([1] * len(weights)) if len(weights) < 10 else _Scanning.of(weights)

    with pytest.raises(AssertionError, match=r"a pick costs \d+ steps with 10 targets and \d+ with 1000"):
        check_balancer(make, picks=1000)


def test_check_balancer_lost_end_is_found() -> None:
    """A balancer that does not hear of it when attempts end fails."""
    with pytest.raises(AssertionError, match="after many attempts at once: target 0 got"):
        check_balancer(_Hoarding.of, follows_weights=True, picks=1000)


def test_check_balancer_burst_after_an_absence_is_found() -> None:
    """A balancer that makes up for the turns a target has missed fails."""
    with pytest.raises(AssertionError, match="after each was away"):
        check_balancer(_Greedy.of, picks=1000)


def test_check_balancer_equal_shares_do_not_follow_weights() -> None:
    """Round robin is not taken for a rule that follows weights."""
    with pytest.raises(AssertionError, match=r"target 0 got 50\.000%, not 75\.000%"):
        check_balancer(lambda weights: RoundRobin.of([1] * len(weights)), follows_weights=True)
