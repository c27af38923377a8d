"""The rules of ``Prober``: when targets are probed, and what follows."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random

import pytest

from vizgate.errors import ConnectFailed, UpstreamError
from vizgate.extension.contract import Context
from vizgate.health.probe_count import ProbeCount
from vizgate.health.prober import ProbedTarget, Prober
from vizgate.health.verdict import ProbeRule
from vizgate.observe.metrics import Metrics
from vizgate.pipeline.ports import ProbeAnswer
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper


class Port:
    """A target that answers with *status*, or fails with *error*; while ``holds`` is set it does not answer at all."""

    def __init__(self) -> None:
        self.status = 200
        self.error: Exception | None = None
        self.asked = self.active = self.most_active = 0
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def probe(self) -> ProbeAnswer:
        self.asked += 1
        self.active += 1
        self.most_active = max(self.most_active, self.active)
        try:
            await self.goes_on.wait()
        finally:
            self.active -= 1
        if self.error is not None:
            raise self.error
        return ProbeAnswer(self.status)


class Bench:
    """A prober of *count* targets, with time that stands still."""

    def __init__(self, count: int = 1, *, at_once: int = 256) -> None:
        self.clock = ManualClock(1.0)
        self.metrics = Metrics()
        self.timers = DeadlineSweeper()
        self.ports = [Port() for _ in range(count)]
        self.states = [TargetState("users", f"t{number}") for number in range(count)]
        rule = ProbeRule(frozenset({200}))
        targets = [
            ProbedTarget(state, port, rule, ProbeCount(2, 3), 5.0)
            for state, port in zip(self.states, self.ports, strict=True)
        ]
        context = Context(name="health", clock=self.clock, random=Random(7), metrics=self.metrics)
        self.prober = Prober(targets, self.timers, context, at_once)

    async def turn(self) -> None:
        """Let everything that can go on do so."""
        for _ in range(5):
            await asyncio.sleep(0)

    async def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.sweep(self.clock.monotonic())
        await self.turn()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        await self.prober.start()
        await self.turn()
        try:
            yield
        finally:
            await self.prober.stop()

    @property
    def asked(self) -> list[int]:
        return [port.asked for port in self.ports]

    def outcomes(self, outcome: str, target: str = "t0") -> int:
        labels = ("service", "target", "outcome")
        return self.metrics.counters("health_probes", "", labels).of("users", target, outcome).value


async def test_first_probe_comes_at_once_and_the_next_after_the_interval() -> None:
    """With a twentieth earlier or later."""
    bench = Bench()
    async with bench.running():
        assert [1] == bench.asked
        await bench.pass_s(4.7)
        assert [1] == bench.asked
        await bench.pass_s(0.7)
        assert [2] == bench.asked


async def test_targets_that_began_together_do_not_stay_together() -> None:
    """Chance moves each probe, so that a gateway does not ask all of its targets in the same moment."""
    bench = Bench(50)
    async with bench.running():
        await bench.pass_s(5.0)
        assert 10 < sum(asked == 2 for asked in bench.asked) < 40


@pytest.mark.parametrize(
    ("status", "error", "outcome"), [(503, None, "status"), (200, ConnectFailed(), "connect_failure")]
)
async def test_bad_probes_take_the_target_out_and_good_ones_bring_it_back(
    status: int, error: UpstreamError | None, outcome: str
) -> None:
    """Three and two here; each is counted by what came of it."""
    bench = Bench(2)
    port, state = bench.ports[0], bench.states[0]
    async with bench.running():
        port.status, port.error = status, error
        for _ in range(2):
            await bench.pass_s(5.5)
        assert state.is_fit
        await bench.pass_s(5.5)
        assert [Block.UNHEALTHY, Block.NONE] == [each.blocks for each in bench.states]
        assert 3 == bench.outcomes(outcome)
        port.status, port.error = 200, None
        await bench.pass_s(5.5)
        assert not state.is_fit
        await bench.pass_s(5.5)
        assert state.is_fit
        assert bench.clock.monotonic() == state.fit_since_s


async def test_target_has_one_probe_at_a_time() -> None:
    """A probe that takes longer than its interval is not overtaken; the next follows at once."""
    bench = Bench()
    port = bench.ports[0]
    port.goes_on.clear()
    async with bench.running():
        for _ in range(10):
            await bench.pass_s(6.0)
        assert (1, 1) == (port.asked, port.most_active)
        port.goes_on.set()
        await bench.turn()
        assert (2, 1) == (port.asked, port.most_active)


async def test_so_many_probes_at_once_and_no_more() -> None:
    """The others wait, and go on as soon as one has ended."""
    bench = Bench(10, at_once=3)
    for port in bench.ports:
        port.goes_on.clear()
    async with bench.running():
        assert (3, 3) == (sum(bench.asked), bench.prober.running)
        await bench.pass_s(60.0)
        assert 3 == sum(bench.asked)
        for port in bench.ports[:2]:
            port.goes_on.set()
        await bench.turn()
        assert 3 == bench.prober.running
        assert 3 < sum(bench.asked)


async def test_stop_waits_for_no_answer_and_leaves_nothing() -> None:
    """Neither a task nor a timer."""
    bench = Bench(5)
    for port in bench.ports[:2]:
        port.goes_on.clear()
    async with bench.running():
        assert 2 == bench.prober.running
    assert (0, 0) == (bench.prober.running, len(bench.timers))
    await bench.pass_s(60.0)
    assert [1] * 5 == bench.asked


async def test_prober_can_be_started_again() -> None:
    """An ASGI lifespan may be entered more than once."""
    bench = Bench()
    for _ in range(2):
        async with bench.running():
            pass
    assert [2] == bench.asked


async def test_fault_of_a_probe_is_logged_and_ends_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Not even a bug may leave a target unprobed for ever."""
    bench = Bench()
    bench.ports[0].error = ZeroDivisionError()
    async with bench.running():
        with caplog.at_level(logging.ERROR, "vizgate.health"):
            await bench.pass_s(5.5)
        bench.ports[0].error = None
        await bench.pass_s(5.5)
    assert [3] == bench.asked
    assert "users" in caplog.text


async def test_idle_prober_has_no_task() -> None:
    """A thousand targets cost a queue."""
    bench = Bench(1000)
    before = len(asyncio.all_tasks())
    async with bench.running():
        while bench.prober.running:
            await bench.turn()
        assert before == len(asyncio.all_tasks())
        assert 1 == len(bench.timers)


def changed(states: list[TargetState], tell: Callable[[], None]) -> None:
    for state in states:
        state.watch(tell)


async def test_watchers_are_told_of_changes_only() -> None:
    """A good probe of a good target wakes nobody."""
    bench = Bench(3)
    told: list[int] = []
    changed(bench.states, lambda: told.append(1))
    async with bench.running():
        for _ in range(5):
            await bench.pass_s(5.5)
    assert [] == told


async def test_prober_that_takes_over_goes_on_where_the_earlier_one_was() -> None:
    """Who waits waits on, a probe under way counts, and who is new is probed at once."""
    bench, later = Bench(2), Bench(3)
    bench.ports[1].goes_on.clear()
    # The same targets, and one more.
    later.timers, later.clock = bench.timers, bench.clock
    kept = [ProbedTarget(t.state, t.port, t.rule, t.count, t.interval_s) for t in bench.prober._targets]
    context = Context(name="health", clock=bench.clock, random=Random(7), metrics=bench.metrics)
    other = Prober([*kept, later.prober._targets[2]], bench.timers, context)
    bench.ports[1].error = ConnectFailed("x")
    async with bench.running():
        other.go_on_from(bench.prober)
        other.begin()
        await bench.turn()
        assert ([1, 1], 1) == (bench.asked, later.ports[2].asked)
        assert (1, 1) == (bench.prober.running, bench.ports[1].active)
        bench.ports[1].goes_on.set()
        await bench.turn()
        assert 1 == bench.outcomes("connect_failure", "t1")
        assert 0 == bench.prober.running
        await bench.pass_s(5.5)
        assert ([2, 2], 2) == (bench.asked, later.ports[2].asked)
        await other.stop()
