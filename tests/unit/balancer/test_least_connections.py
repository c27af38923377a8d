"""The rules of ``LeastConnections``."""

from __future__ import annotations

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from vizgate.balancer.least_connections import LeastConnections


def begin(balancer: LeastConnections) -> int:
    picked = balancer.pick()
    assert picked is not None
    state_of(balancer, picked).in_flight += 1
    balancer.started(picked)
    return picked


def end(balancer: LeastConnections, index: int) -> None:
    state_of(balancer, index).in_flight -= 1
    balancer.ended(index)


def state_of(balancer: LeastConnections, index: int):
    return next(member.state for member in balancer.members if member.index == index)


def test_pick_is_the_one_with_the_fewest() -> None:
    """Whose attempt ends first is asked next."""
    balancer = LeastConnections.of([1, 1, 1])
    assert [0, 1, 2] == [begin(balancer) for _ in range(3)]
    end(balancer, 1)
    assert begin(balancer) == 1


def test_pick_is_relative_to_weights() -> None:
    """Three times the weight is three times as many at once."""
    balancer = LeastConnections.of([3, 1])
    assert Counter({0: 30, 1: 10}) == Counter(begin(balancer) for _ in range(40))


def test_pick_equals_take_turns_by_weight() -> None:
    """With one attempt at a time nobody has more in flight than others, and each has its turns."""
    balancer = LeastConnections.of([3, 1])
    picks = []
    for _ in range(40):
        picks.append(begin(balancer))
        end(balancer, picks[-1])
    assert Counter({0: 30, 1: 10}) == Counter(picks)


def test_pick_sees_what_another_plan_has_changed() -> None:
    """Attempts that end without a word, as those of the plan before a reload, are seen within one round of picks."""
    balancer = LeastConnections.of([1, 1, 1])
    states = [member.state for member in balancer.members]
    for state in states[:2]:
        state.in_flight = 1000
    balancer.update(balancer.members)
    assert [2] * 10 == [begin(balancer) for _ in range(10)]
    states[0].in_flight = 0
    assert 0 in [begin(balancer) for _ in range(4)]


def test_pick_without_an_attempt_is_the_same_again() -> None:
    """A pick alone counts for nothing; only what has begun does."""
    balancer = LeastConnections.of([1, 1])
    assert [0, 0, 1] == [balancer.pick(), balancer.pick(), balancer.pick({0})]


def test_started_and_ended_of_a_stranger_change_nothing() -> None:
    """Attempts at a target that is no member any more may still begin, by affinity, and end."""
    balancer = LeastConnections.of([1, 1])
    balancer.update(balancer.members[:1])
    balancer.started(1)
    balancer.ended(1)
    assert balancer.pick() == 0


@given(st.lists(st.integers(1, 5), min_size=1, max_size=6), st.integers(0, 2**32))
def test_pick_is_never_beaten(weights: list[int], seed: int) -> None:
    """Whatever begins and ends in whatever order, nobody has a lower load than who is picked, and no entry is lost."""
    balancer = LeastConnections.of(weights)
    chance = random.Random(seed)
    running: list[int] = []
    for _ in range(300):
        if running and chance.random() < 0.45:
            end(balancer, running.pop(chance.randrange(len(running))))
        else:
            least = min(member.state.in_flight / member.weight for member in balancer.members)
            picked = begin(balancer)
            assert least == (state_of(balancer, picked).in_flight - 1) / weights[picked]
            running.append(picked)
    assert len(balancer._heap) <= 64 + 4 * len(weights)
