"""What each rule makes of a target that is ten times as slow as the others, on simulated time."""

from __future__ import annotations

import random
from collections import Counter
from heapq import heappop, heappush

import pytest

from vizgate.balancer.build import RULES
from vizgate.balancer.chance.latency import LatencyWatcher
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Balancer
from vizgate.pipeline.attempt import Attempt
from vizgate.testing import ManualClock

TARGETS = 10
QUICK_S, SLOW_S = 0.01, 0.1
REQUESTS = 5000
EVERY_S = 0.002


def share_of_the_slow_one(rule: str) -> float:
    """The part of requests that target 0 gets, when each of the others takes a tenth of the time."""
    clock, chance = ManualClock(1.0), random.Random(1)
    balancer = RULES[rule].of([1] * TARGETS, context=Context(clock=clock, random=chance))
    running: list[tuple[float, int, Attempt]] = []
    counts: Counter[int] = Counter()
    for number in range(REQUESTS):
        clock.advance(chance.expovariate(1 / EVERY_S))
        while running and running[0][0] <= clock.monotonic():
            ended_s, _, attempt = heappop(running)
            end(balancer, attempt, ended_s)
        index = balancer.pick(key=chance.getrandbits(64))
        assert index is not None
        counts[index] += 1
        state = balancer.members[index].state
        state.in_flight += 1
        balancer.started(index)
        attempt = Attempt(state, index, 1, clock.monotonic())
        heappush(running, (clock.monotonic() + (QUICK_S if index else SLOW_S), number, attempt))
    return counts[0] / REQUESTS


def end(balancer: Balancer, attempt: Attempt, now_s: float) -> None:
    attempt.status, attempt.elapsed_s = 200, now_s - attempt.started_s
    LatencyWatcher().settled(attempt, now_s)
    attempt.target.in_flight -= 1
    balancer.ended(attempt.index)


@pytest.mark.parametrize(
    ("rule", "most"),
    [
        ("round_robin", 0.101),
        ("random", 0.11),
        ("hash", 0.04),
        ("power_of_two", 0.04),
        ("least_connections", 0.04),
        ("ewma", 0.002),
    ],
)
def test_slow_target_gets_less_from_rules_that_look(rule: str, most: float) -> None:
    """Turns and lots give it its tenth, rules that look at load a fourth of that, and latency next to nothing."""
    assert share_of_the_slow_one(rule) <= most
