"""What one request costs through a breaker that is closed, the retry policy, a bulkhead and the loop over attempts."""

from __future__ import annotations

import asyncio
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.balancer.round_robin import RoundRobin
from vizgate.breaker.config import BreakerConfig
from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import BreakerMachine
from vizgate.breaker.window import GOOD
from vizgate.clock import SystemClock
from vizgate.errors import Termination
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import Member
from vizgate.overload.bulkhead import Bulkhead, BulkheadLimits
from vizgate.overload.pressure import Pressure, PressureBounds
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.forward import Forwarder
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.service import ServiceForwarder, ServicePolicies
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.pipeline.target_state import TargetState
from vizgate.retry.budget import RetryBudget
from vizgate.retry.config import RetryConfig
from vizgate.retry.policy import RetryPolicy
from vizgate.transport.deadlines import DeadlineSweeper

CONFIGS = [BreakerConfig(), BreakerConfig(window_requests=100)]
CLOCK = SystemClock()


@pytest.mark.parametrize("config", CONFIGS, ids=["by time", "by count"])
def test_machine_closed(benchmark: BenchmarkFixture, config: BreakerConfig) -> None:
    """A permit, and what came of it."""
    machine = BreakerMachine(config.settings, Random(1))

    def call() -> None:
        machine.record(machine.admit(5.0), GOOD, 5.0)  # type: ignore[arg-type]  # it is closed

    benchmark(call)


@pytest.mark.parametrize("config", CONFIGS, ids=["by time", "by count"])
def test_gate_closed(benchmark: BenchmarkFixture, config: BreakerConfig) -> None:
    """All that a breaker adds to an attempt at a target."""
    state = TargetState("users", "a")
    gate = BreakerGate([state], [BreakerMachine(config.settings, Random(1))], config.outcome, Context(name="users"))
    attempt = Attempt(state, 0, 1, 5.0)
    attempt.status = 200

    def call() -> None:
        gate.wake(5.0)
        gate.admit(state, 5.0)
        gate.settled(attempt, 5.0)

    benchmark(call)


def test_budget(benchmark: BenchmarkFixture) -> None:
    benchmark(RetryBudget().request, 5.0)


def test_bulkhead(benchmark: BenchmarkFixture) -> None:
    bulkhead = Bulkhead("users", BulkheadLimits(500), CLOCK, DeadlineSweeper())
    request = Request("GET", b"/")

    def call() -> None:
        bulkhead.enter(request)
        bulkhead.leave()

    benchmark(call)


def test_pressure(benchmark: BenchmarkFixture) -> None:
    benchmark(Pressure(PressureBounds(lag_s=0.1)).take_lag, 0.001)


class _Port:
    address = "192.0.2.1:80"

    async def exchange(self, request: Request) -> Response:
        if request.attempt_ended is not None:
            request.attempt_ended(Termination.NORMAL)
        return _ANSWER


_ANSWER = Response(200)


@pytest.mark.parametrize("kind", ["plain", "loop", "breaker", "breaker and retry"])
def test_forwarding(benchmark: BenchmarkFixture, kind: str) -> None:
    """A whole request without sockets: the plain forwarder of three targets, and the loop with more and more parts."""
    made = [ServiceTarget(_Port(), TargetState("users", f"192.0.2.{number}:80")) for number in range(3)]
    balancer = RoundRobin()
    balancer.update(tuple(Member(number, 1.0, each.state) for number, each in enumerate(made)))
    targets = TargetSet(made, Selection(), CLOCK.monotonic, lambda _: None)
    targets.attach()
    context = Context(name="users")
    config = CONFIGS[0]
    machines = [BreakerMachine(config.settings, Random(1)) for _ in made]
    gate = BreakerGate([each.state for each in made], machines, config.outcome, context)
    policies = {
        "loop": ServicePolicies(),
        "breaker": ServicePolicies(gate=gate, watchers=(gate,)),
        "breaker and retry": ServicePolicies(gate=gate, watchers=(gate,), retry=RetryPolicy(RetryConfig(), 3, context)),
    }
    handler = (
        Forwarder("users", targets, balancer, CLOCK)
        if kind == "plain"
        else ServiceForwarder("users", targets, balancer, policies[kind], CLOCK, asyncio.sleep)
    )

    def call() -> None:
        try:
            handler(Request("GET", b"/")).__await__().send(None)  # type: ignore[attr-defined]  # a coroutine's
        except StopIteration:
            return

    benchmark(call)
