"""The rules of ``BreakerGate``: breakers before the targets of a service."""

from __future__ import annotations

from random import Random

import pytest

from vizgate.breaker.config import BreakerConfig
from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import BreakerMachine, State
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock

CONFIG = BreakerConfig(minimum_requests=2, open_for=30.0, half_open_requests=1)


class Bench:
    """A gate before *count* targets, and a clock."""

    def __init__(self, count: int = 2, *, shared: bool = False, config: BreakerConfig = CONFIG) -> None:
        self.clock = ManualClock(1.0)
        self.metrics = Metrics()
        self.states = [TargetState("users", f"t{number}") for number in range(count)]
        made = [BreakerMachine(config.settings, Random(1)) for _ in range(1 if shared else count)]
        machines = made * count if shared else made
        context = Context(name="users", clock=self.clock, metrics=self.metrics)
        self.gate = BreakerGate(self.states, machines, config.outcome, context)
        self.gate.watch()

    def attempt(self, index: int, status: int = 0, termination: Termination | None = None) -> Attempt | None:
        """An attempt that is settled at once; None when it was not let through."""
        now_s = self.clock.monotonic()
        permit = self.gate.admit(self.states[index], now_s)
        if permit is None:
            return None
        made = Attempt(self.states[index], index, 1, now_s, permit)
        made.status, made.termination = status, termination
        self.gate.settled(made, now_s)
        return made

    @property
    def blocked(self) -> list[bool]:
        return [bool(state.blocks & Block.OPEN) for state in self.states]


def test_open_breaker_blocks_its_target_and_no_other() -> None:
    """By target: two bad answers take it out."""
    bench = Bench()
    for _ in range(2):
        bench.attempt(0, 500)
        bench.attempt(1, 200)
    assert [True, False] == bench.blocked
    assert 1 == bench.metrics.counters("breaker_changes", "", ("service", "state")).of("users", "open").value


def test_breaker_of_a_service_blocks_all_targets() -> None:
    """By service: the failures of all targets count together, and none is asked then."""
    bench = Bench(shared=True)
    bench.attempt(0, 500)
    bench.attempt(1, 500)
    assert [True, True] == bench.blocked
    refusal = bench.gate.refusal(bench.clock.monotonic())
    assert refusal is not None
    assert 30 <= refusal.retry_after_s <= 33


def test_breaker_of_a_service_has_its_targets_chosen_once() -> None:
    """Not once for each target: with a thousand of them that would stop the gateway for seconds."""
    bench = Bench(1000, shared=True)
    told: list[int] = []

    def changed() -> None:
        told.append(sum(bench.blocked))

    for state in bench.states:
        state.watch(changed)
    bench.attempt(0, 500)
    bench.attempt(1, 500)
    assert [1000] == told
    bench.clock.advance(34)
    bench.gate.wake(bench.clock.monotonic())
    assert [1000, 0] == told


def test_wake_lifts_the_block_when_it_is_time() -> None:
    """A trial at a time; a good one closes the breaker."""
    bench = Bench(count=1)
    for _ in range(2):
        bench.attempt(0, termination=Termination.CONNECT_FAILURE)
    bench.clock.advance(29.0)
    bench.gate.wake(bench.clock.monotonic())
    assert [True] == bench.blocked
    bench.clock.advance(5.0)
    bench.gate.wake(bench.clock.monotonic())
    assert [False] == bench.blocked
    permit = bench.gate.admit(bench.states[0], bench.clock.monotonic())
    assert permit is not None
    assert [True] == bench.blocked
    trial = Attempt(bench.states[0], 0, 1, bench.clock.monotonic(), permit)
    trial.status = 200
    bench.gate.settled(trial, bench.clock.monotonic())
    assert [False] == bench.blocked
    assert State.CLOSED is bench.gate.machines[0].state
    assert bench.gate.refusal(bench.clock.monotonic()) is None


def test_client_that_left_gives_its_permit_back() -> None:
    """Neutral: the next request may try at once."""
    bench = Bench(count=1)
    for _ in range(2):
        bench.attempt(0, 500)
    bench.clock.advance(40.0)
    assert bench.attempt(0, termination=Termination.CLIENT_ABORT) is not None
    assert [False] == bench.blocked
    assert bench.attempt(0, 200) is not None
    assert State.CLOSED is bench.gate.machines[0].state


def test_body_that_breaks_off_is_a_failure() -> None:
    """The head was a good answer; what became of it was not."""
    bench = Bench(count=1)
    calls = [bench.attempt(0, 200) for _ in range(4)]
    for number, made in enumerate(calls):
        assert [number >= 2] == bench.blocked
        assert made is not None
        made.termination = Termination.UPSTREAM_RESET
        bench.gate.broken(made, bench.clock.monotonic())
    assert [True] == bench.blocked


@pytest.mark.parametrize(
    ("status", "termination", "failed"),
    [
        (500, None, True),
        (599, None, True),
        (499, None, False),
        (429, None, False),
        (0, Termination.UPSTREAM_TIMEOUT, True),
        (0, Termination.UPSTREAM_INVALID, True),
        (0, Termination.UPSTREAM_RESET, True),
        (0, Termination.CLIENT_ABORT, None),
        (0, Termination.BAD_REQUEST, None),
    ],
)
def test_outcome_is_what_the_configuration_names(
    status: int, termination: Termination | None, failed: bool | None
) -> None:
    """By default 5xx and every end without an answer that is the target's doing; the client's doing says nothing."""
    assert failed == BreakerConfig().outcome.result(status, termination, 0.1)


def test_outcome_of_a_slow_call_is_slow() -> None:
    """Longer than ``slow_call``; a failure may be slow, too."""
    rule = BreakerConfig(slow_call=1.0, statuses=(503,)).outcome
    assert [0, 2, 3, 2] == [rule.result(*each) for each in ((200, None, 1.0), (200, None, 1.1), (503, None, 2.0),
                                                           (500, None, 2.0))]  # fmt: skip
