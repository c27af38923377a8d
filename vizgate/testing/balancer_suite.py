"""What every balancer must do, as one function to call from a test.

In: ``check_balancer``. Not in: the shape of a single rule's sequence, which is that rule's own test.
"""

from __future__ import annotations

import random
import sys
from collections import Counter, deque
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from types import FrameType
from typing import Any

from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer

MakeBalancer = Callable[[Sequence[int]], Balancer]

_WEIGHTS: tuple[tuple[int, ...], ...] = (
    (1,), (1, 1), (1, 1, 1), (3, 1), (5, 1, 1), (10, 20, 30, 40), (1, 997, 3000, 4001)
)  # fmt: skip
_FEW, _MANY = 10, 1000
# From 10 to 1,000 targets a logarithm grows by a factor of 3, and what does not depend on them not at all.
_GROWTH = 4


def check_balancer(
    make: MakeBalancer, *, follows_weights: bool = False, picks: int = 100_000, tolerance: float = 0.005
) -> None:
    """Hold the balancers that *make* builds to the contract of ``Balancer``; return when nothing was found.

    Each is used as a service uses it: a pick is followed by ``started``, the end of the attempt by ``ended``,
    ``state.in_flight`` counts along, and a rule that wants keys is given random ones.

    Args: make: a fresh balancer from one weight per target, always with the same chance. follows_weights: shares are in
    proportion to the weights, not equal. picks: how many picks a share is measured over. tolerance: by how much a share
    may be off, as a fraction of all picks; a rule that chooses by chance needs more than one that takes turns.
    Raises: AssertionError: the balancer breaks the contract; the message says how.
    """
    for weights in _WEIGHTS:
        shares = weights if follows_weights else (1,) * len(weights)
        fairness = _Fairness(shares, picks, tolerance)
        _check_none_left(make, weights)
        _check_never_excluded(make, weights)
        _check_members_change(make, weights)
        _check_repeatable(make, weights)
        fairness.check(_Service(make(weights)))
        fairness.check_excluding(make, weights)
        fairness.check_after_changes(_Service(make(weights)))
        fairness.check_after_load(_Service(make(weights)))
    _check_steps(make)


class _Service:
    """Uses *balancer* as a service does."""

    def __init__(self, balancer: Balancer) -> None:
        self.balancer = balancer
        self.everyone = balancer.members
        self.in_flight: deque[int] = deque()
        self._members = {member.index: member for member in balancer.members}
        self._bits = random.Random(1).getrandbits  # noqa: S311  # the same test every time

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED) -> int | None:
        """A pick that no attempt follows, as of a target that its breaker refuses."""
        return self.balancer.pick(excluded, self._bits(64)) if self.balancer.wants_key else self.balancer.pick(excluded)

    def begin(self, excluded: AbstractSet[int] = NONE_EXCLUDED) -> int | None:
        """A pick, and the beginning of the attempt."""
        picked = self.pick(excluded)
        if picked is not None:
            assert picked in self._members, f"picked {picked}, which is no target at all"
            self._members[picked].state.in_flight += 1
            self.balancer.started(picked)
            self.in_flight.append(picked)
        return picked

    def end(self) -> None:
        """The end of the oldest attempt."""
        picked = self.in_flight.popleft()
        self._members[picked].state.in_flight -= 1
        self.balancer.ended(picked)

    def ask(self, excluded: AbstractSet[int] = NONE_EXCLUDED) -> int | None:
        """A whole attempt."""
        picked = self.begin(excluded)
        if picked is not None:
            self.end()
        return picked


def _check_none_left(make: MakeBalancer, weights: Sequence[int]) -> None:
    service = _Service(make(weights))
    everyone = frozenset(range(len(weights)))
    assert service.ask(everyone) is None, f"weights {weights}: a pick although every target is excluded"
    assert service.ask() in everyone, f"weights {weights}: no pick although no target is excluded"
    service.balancer.update(())
    assert service.ask() is None, f"weights {weights}: a pick although there are no members"
    assert service.ask(frozenset({0})) is None, f"weights {weights}: a pick although there are no members"


def _check_never_excluded(make: MakeBalancer, weights: Sequence[int]) -> None:
    """Excluded sets that change from pick to pick, as retries make them."""
    service = _Service(make(weights))
    chance = random.Random(1)  # noqa: S311  # the same test every time
    for _ in range(2000):
        excluded = {index for index in range(len(weights)) if chance.random() < 0.5}
        _assert_allowed(service.ask(excluded), set(range(len(weights))) - excluded, f"{sorted(excluded)} excluded")


def _check_members_change(make: MakeBalancer, weights: Sequence[int]) -> None:
    """Targets that are drained, ejected and brought back while attempts at them are under way."""
    service = _Service(make(weights))
    chance = random.Random(2)  # noqa: S311  # the same test every time
    for _ in range(200):
        members = tuple(member for member in service.everyone if chance.random() < 0.6)
        service.balancer.update(members)
        allowed = {member.index for member in members}
        for _ in range(10):
            excluded = {index for index in range(len(weights)) if chance.random() < 0.2}
            picked = service.begin(excluded)
            _assert_allowed(picked, allowed - excluded, f"{sorted(allowed)} members, {sorted(excluded)} excluded")
        while len(service.in_flight) > 5:
            service.end()


def _assert_allowed(picked: int | None, allowed: AbstractSet[int], case: str) -> None:
    assert picked in allowed if allowed else picked is None, f"picked {picked} with {case}"


def _check_repeatable(make: MakeBalancer, weights: Sequence[int]) -> None:
    one, other = _Service(make(weights)), _Service(make(weights))
    for turn in range(1000):
        excluded = frozenset({turn % len(weights)}) if turn % 7 == 0 else frozenset()
        assert one.begin(excluded) == other.begin(excluded), f"weights {weights}: pick {turn} differs between two runs"
        for service in (one, other):
            if len(service.in_flight) > 10:
                service.end()


class _Fairness:
    def __init__(self, shares: Sequence[int], picks: int, tolerance: float) -> None:
        self._shares = shares
        self._picks = picks
        self._tolerance = tolerance

    def check(self, service: _Service, excluded: frozenset[int] = frozenset(), when: str = "") -> None:
        """One attempt after the other."""
        # Fewer picks for the variants of the first check.
        picks, tolerance = self._picks, self._tolerance
        if excluded or when:
            picks, tolerance = max(picks // 10, 1000), max(tolerance, 0.01)
        counts = Counter(service.ask(excluded) for _ in range(picks))
        total = sum(share for index, share in enumerate(self._shares) if index not in excluded)
        for index, share in enumerate(self._shares):
            expected = 0.0 if index in excluded else share / total
            actual = counts[index] / picks
            assert abs(actual - expected) <= tolerance, (
                f"shares {self._shares}, {sorted(excluded)} excluded{when}: target {index} got {actual:.3%}, "
                f"not {expected:.3%}"
            )

    def check_excluding(self, make: MakeBalancer, weights: Sequence[int]) -> None:
        """The share of who is excluded goes to the others, by their shares."""
        for out in range(len(weights)) if len(weights) > 1 else ():
            self.check(_Service(make(weights)), frozenset({out}))

    def check_after_changes(self, service: _Service) -> None:
        """Who comes back has its share, and none of what it has missed."""
        for out in range(len(self._shares)):
            service.balancer.update(service.everyone[:out] + service.everyone[out + 1 :])
            for _ in range(100):
                service.ask()
            service.balancer.update(service.everyone)
        self.check(service, when=", after each was away")

    def check_after_load(self, service: _Service) -> None:
        """When every attempt has ended, none counts any more."""
        for _ in range(200):
            service.begin()
        while service.in_flight:
            service.end()
        left = {member.index: member.state.in_flight for member in service.everyone if member.state.in_flight}
        assert not left, f"in flight after all attempts have ended: {left}"
        self.check(service, when=", after many attempts at once")


def _check_steps(make: MakeBalancer) -> None:
    """A hundred times the targets cost a few times the steps. A step is a bytecode of Python: no clock is asked."""
    few, many = (_steps_a_pick(make, targets) for targets in (_FEW, _MANY))
    assert many <= _GROWTH * few, (
        f"a pick costs {few:.0f} steps with {_FEW} targets and {many:.0f} with {_MANY}: more than O(log n)"
    )


def _steps_a_pick(make: MakeBalancer, targets: int) -> float:
    service = _Service(make([1 + index % 3 for index in range(targets)]))
    asked = 500

    def act() -> None:
        for _ in range(asked):
            service.begin()
            if len(service.in_flight) > 20:
                service.end()

    act()
    return _steps_of(act) / asked


def _steps_of(act: Callable[[], None]) -> int:
    steps = 0

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal steps
        frame.f_trace_opcodes, frame.f_trace_lines = True, False
        steps += event == "opcode"
        return trace

    # A debugger or a measurement of coverage looks on again afterwards.
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        act()
    finally:
        sys.settrace(before)
    return steps
