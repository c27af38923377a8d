"""The better one of two."""

from __future__ import annotations

import random

import pytest

from vizgate.balancer.chance.peak_ewma import PeakEwma
from vizgate.balancer.chance.two_choices import PowerOfTwo, TwoChoices
from vizgate.extension.contract import Context
from vizgate.testing import ManualClock


def balancer_of(kind: type[TwoChoices], weights: list[int], clock: ManualClock | None = None) -> TwoChoices:
    return kind.of(weights, context=Context(random=random.Random(1), clock=clock or ManualClock()))


def test_power_of_two_picks_the_one_with_fewer_in_flight() -> None:
    """Of two targets the one that is drawn alone now and then is all that the busier one gets."""
    balancer = balancer_of(PowerOfTwo, [1, 1])
    balancer.members[0].state.in_flight = 1
    picks = [balancer.pick() for _ in range(10_000)]
    # The chance that four draws do not find the other one.
    assert picks.count(0) / 10_000 == pytest.approx(1 / 32, abs=0.01)


def test_power_of_two_keeps_a_thousand_targets_even() -> None:
    """A thousand requests at once on a hundred targets: nobody has more than a few above the mean of ten."""
    balancer = balancer_of(PowerOfTwo, [1] * 100)
    for _ in range(1000):
        picked = balancer.pick()
        assert picked is not None
        balancer.members[picked].state.in_flight += 1
    assert max(member.state.in_flight for member in balancer.members) <= 13


def test_ewma_prefers_the_quick_one() -> None:
    """A target that takes ten times as long gets only what chance sends it."""
    balancer = balancer_of(PeakEwma, [1, 1])
    balancer.members[0].state.latency_s, balancer.members[1].state.latency_s = 0.1, 0.01
    assert [balancer.pick() for _ in range(1000)].count(0) < 60


def test_ewma_weighs_latency_with_load() -> None:
    """With ten times as many requests in flight the quick one costs more than the slow one."""
    balancer = balancer_of(PeakEwma, [1, 1])
    slow, quick = (member.state for member in balancer.members)
    slow.latency_s, quick.latency_s = 0.1, 0.01
    quick.in_flight = 8
    assert [balancer.pick() for _ in range(1000)].count(0) < 60
    quick.in_flight = 10
    assert [balancer.pick() for _ in range(1000)].count(1) < 60


def test_ewma_asks_an_unknown_target_once() -> None:
    """Nothing known is better than anything known, until one request is under way."""
    balancer = balancer_of(PeakEwma, [1, 1])
    known, unknown = balancer.members
    known.state.latency_s = 0.001
    assert balancer.cost(unknown) < balancer.cost(known)
    unknown.state.in_flight = 1
    assert balancer.cost(known) < balancer.cost(unknown)


def test_ewma_forgets_a_bad_time() -> None:
    """What a target was like a minute ago says little: it is asked again."""
    clock = ManualClock()
    balancer = balancer_of(PeakEwma, [1, 1], clock)
    once_slow, quick = (member.state for member in balancer.members)
    once_slow.latency_s = 1.0
    clock.advance(60.0)
    quick.latency_s, quick.latency_at_s = 0.01, clock.monotonic()
    assert balancer.cost(balancer.members[0]) < balancer.cost(balancer.members[1])
