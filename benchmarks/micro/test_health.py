"""What health costs each attempt, and each probe."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.clock import SystemClock
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.health.ejection import EjectionRule
from vizgate.health.passive import PassiveHealth, WatchedTarget
from vizgate.health.probe_count import ProbeCount
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import TargetState
from vizgate.transport.deadlines import DeadlineSweeper


@pytest.mark.parametrize("rate", [None, 0.5], ids=["in a row", "rate, too"])
def test_settle_good_answer(benchmark: BenchmarkFixture, rate: float | None) -> None:
    rule = EjectionRule(failure_rate=rate)
    state = TargetState("users", "a")
    health = PassiveHealth([WatchedTarget(state, rule, SystemClock())], rule, DeadlineSweeper(), Context(name="users"))
    attempt = Attempt(state, 0, 1, 0.0)
    attempt.status, attempt.termination, attempt.has_ended = 200, Termination.NORMAL, True
    benchmark(health.settled, attempt, 1.0)


def test_settle_failure_when_no_more_may_be_ejected(benchmark: BenchmarkFixture) -> None:
    """The dearest case: a thousand targets that all fail."""
    rule = EjectionRule(failures=1)
    watched = [WatchedTarget(TargetState("users", str(number)), rule, SystemClock()) for number in range(1000)]
    health = PassiveHealth(watched, rule, DeadlineSweeper(), Context(name="users"))
    for target in watched:
        attempt = Attempt(target.state, 0, 1, 0.0)
        attempt.status = 500
        health.settled(attempt, 1.0)
    benchmark(health.settled, attempt, 1.0)


def test_count_good_probe(benchmark: BenchmarkFixture) -> None:
    count = ProbeCount()
    benchmark(lambda: count.record(good=True))
