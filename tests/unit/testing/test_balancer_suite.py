"""The balancer suite finds balancers that break the contract."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet

import pytest

from vizgate.balancer.round_robin import RoundRobin
from vizgate.extension.balancer import Balancer
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


def test_check_balancer_equal_shares_do_not_follow_weights() -> None:
    """Round robin is not taken for a rule that follows weights."""
    with pytest.raises(AssertionError, match=r"target 0 got 50\.000%, not 75\.000%"):
        check_balancer(lambda weights: RoundRobin.of([1] * len(weights)), follows_weights=True)
