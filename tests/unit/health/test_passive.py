"""The rules of ``PassiveHealth``: traffic that ejects targets, and their way back."""

from __future__ import annotations

import logging

import pytest

from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.health.ejection import EjectionRule
from vizgate.health.passive import PassiveHealth, WatchedTarget
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper

RULE = EjectionRule(failures=2, local_failures=2, eject_for_s=30.0)


class Bench:
    """A service with *count* targets."""

    def __init__(self, count: int = 3, rule: EjectionRule = RULE) -> None:
        self.clock = ManualClock(1.0)
        self.metrics = Metrics()
        self.timers = DeadlineSweeper()
        self.states = [TargetState("users", f"t{number}") for number in range(count)]
        self.watched = [WatchedTarget(state, rule, self.clock) for state in self.states]
        context = Context(name="users", clock=self.clock, metrics=self.metrics)
        self.health = PassiveHealth(self.watched, rule, self.timers, context)

    def begin(self, index: int) -> Attempt:
        return Attempt(self.states[index], index, 1, self.clock.monotonic())

    def settle(self, attempt: Attempt, status: int = 0, termination: Termination | None = None) -> Attempt:
        attempt.status, attempt.termination = status, termination
        attempt.has_ended = termination is not None
        self.health.settled(attempt, self.clock.monotonic())
        return attempt

    def cut(self, attempt: Attempt) -> None:
        """Its answer, which began well, breaks off."""
        attempt.termination, attempt.has_ended = Termination.UPSTREAM_RESET, True
        self.health.broken(attempt, self.clock.monotonic())

    def ask(self, index: int, status: int = 0, termination: Termination = Termination.NORMAL) -> None:
        self.settle(self.begin(index), status, termination)

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.sweep(self.clock.monotonic())

    @property
    def ejected(self) -> list[bool]:
        return [bool(state.blocks & Block.EJECTED) for state in self.states]


def test_failing_target_is_ejected_and_counted() -> None:
    """The one that fails, and no other."""
    bench = Bench()
    for _ in range(2):
        bench.ask(0, 500)
        bench.ask(1, 200)
        bench.ask(2, 404)
    assert [True, False, False] == bench.ejected
    labels = ("service", "target", "reason")
    assert 1 == bench.metrics.counters("health_ejections", "", labels).of("users", "t0", "failures").value


@pytest.mark.parametrize(
    "termination",
    [Termination.CONNECT_FAILURE, Termination.UPSTREAM_RESET, Termination.UPSTREAM_TIMEOUT,
     Termination.UPSTREAM_INVALID],
)  # fmt: skip
def test_target_without_answers_is_ejected(termination: Termination) -> None:
    """Whatever keeps it from answering."""
    bench = Bench()
    bench.ask(0, 0, termination)
    assert [False, False, False] == bench.ejected
    bench.ask(0, 0, termination)
    assert [True, False, False] == bench.ejected


def test_client_that_leaves_says_nothing() -> None:
    """Neither good nor bad."""
    bench = Bench()
    bench.ask(0, 0, Termination.CONNECT_FAILURE)
    bench.ask(0, 0, Termination.CLIENT_ABORT)
    assert not any(bench.ejected)
    bench.ask(0, 0, Termination.CONNECT_FAILURE)
    assert bench.ejected[0]


def test_ejected_target_is_back_when_its_time_is_over() -> None:
    """Not before, and longer the second time."""
    bench = Bench()
    for length_s in (30.0, 60.0, 90.0):
        bench.ask(0, 500)
        bench.ask(0, 500)
        bench.pass_s(length_s - 0.1)
        assert bench.ejected[0]
        bench.pass_s(0.2)
        assert not bench.ejected[0]


def test_no_more_are_ejected_than_may_be() -> None:
    """Half of three are one; the second has to wait until the first is back."""
    bench = Bench()
    for index in (0, 1):
        bench.ask(index, 500)
        bench.ask(index, 500)
    assert [True, False, False] == bench.ejected
    bench.pass_s(30.1)
    bench.ask(1, 500)
    bench.ask(1, 500)
    assert [False, True, False] == bench.ejected


def test_only_target_is_never_ejected_by_half() -> None:
    """There is nobody to ask instead."""
    bench = Bench(1)
    for _ in range(10):
        bench.ask(0, 500)
    assert [False] == bench.ejected


def test_answers_that_break_off_eject_their_target() -> None:
    """Their heads come well, and are no reason to forget that the bodies did not."""
    bench = Bench()
    for _ in range(2):
        bench.cut(bench.settle(bench.begin(0), 200))
    assert bench.ejected[0]


def test_answers_that_break_off_at_the_same_time_count_each() -> None:
    """Heads that come between them change nothing."""
    bench = Bench(rule=EjectionRule(local_failures=3))
    first, second, third = (bench.settle(bench.begin(0), 200) for _ in range(3))
    bench.cut(first)
    fourth = bench.settle(bench.begin(0), 200)
    bench.cut(second)
    assert not bench.ejected[0]
    bench.cut(fourth)
    assert bench.ejected[0]
    bench.cut(third)


def test_whole_answer_begins_the_row_anew_even_when_it_ends_late() -> None:
    """A streamed answer proves the target once its last byte has come."""
    bench = Bench()
    bench.ask(0, 0, Termination.UPSTREAM_RESET)
    streamed = bench.settle(bench.begin(0), 200)
    streamed.termination, streamed.has_ended = Termination.NORMAL, True
    bench.ask(0, 0, Termination.UPSTREAM_RESET)
    assert not bench.ejected[0]
    bench.ask(0, 0, Termination.UPSTREAM_RESET)
    assert bench.ejected[0]


def test_what_was_under_way_at_the_ejection_is_not_counted() -> None:
    """A hundred failures at once are one ejection, not fifty."""
    bench = Bench()
    attempts = [bench.begin(0) for _ in range(100)]
    for attempt in attempts:
        bench.settle(attempt, 503, Termination.NORMAL)
    assert 1 == bench.watched[0].record.times


def test_release_ends_an_ejection() -> None:
    """A reload that takes the rule away leaves nobody out."""
    bench = Bench()
    bench.ask(0, 500)
    bench.ask(0, 500)
    bench.watched[0].release(bench.timers)
    assert [False, False, False] == bench.ejected
    assert 0 == len(bench.timers)


def test_ejection_and_return_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    """With the target, how long, and why."""
    bench = Bench()
    with caplog.at_level(logging.INFO, "vizgate.health"):
        bench.ask(0, 500)
        bench.ask(0, 500)
        bench.pass_s(30.1)
    assert [
        "service users: target t0 is left out for 30 s: failures",
        "service users: target t0 is asked again",
    ] == caplog.messages
