"""The rules of ``SlowStart``: shares that grow."""

from __future__ import annotations

import pytest

from vizgate.extension.contract import Context
from vizgate.health.slow_start import SlowStart
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper


class _Port:
    address = "192.0.2.1:80"

    async def exchange(self, request: Request) -> Response:
        raise AssertionError(f"nobody asks here: {request}")


class Bench:
    """Two targets that have been fit for long."""

    def __init__(self, slow_start_s: float = 20.0) -> None:
        self.clock = ManualClock(1000.0)
        self.timers = DeadlineSweeper()
        self.states = [TargetState("users", name) for name in ("a", "b")]
        self.members: list[tuple[int, float]] = []
        self.refreshed = 0
        targets = [ServiceTarget(_Port(), state) for state in self.states]
        selection = Selection(slow_start_s=slow_start_s)
        self.targets = TargetSet(targets, selection, self.clock.monotonic, self._take)
        self.targets.attach()
        self.slow = SlowStart(self.targets, slow_start_s, self.timers, Context(clock=self.clock))

    def _take(self, members: list[tuple[int, float]]) -> None:
        self.refreshed += 1
        self.members = members

    def pass_s(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.timers.sweep(self.clock.monotonic())


async def test_share_grows_to_the_whole_and_then_nothing_runs() -> None:
    """A target that is back begins with a tenth, has half after half of the time, and all of it in the end."""
    bench = Bench()
    await bench.slow.start()
    assert 0 == len(bench.timers)
    bench.states[1].block(Block.UNHEALTHY)
    assert [(0, 1.0)] == bench.members
    bench.states[1].unblock(Block.UNHEALTHY, bench.clock.monotonic())
    assert [(0, 1.0), (1, 0.1)] == bench.members
    for _ in range(10):
        bench.pass_s(1.03)
    assert pytest.approx(0.515, abs=0.06) == bench.members[1][1]
    for _ in range(11):
        bench.pass_s(1.03)
    assert [(0, 1.0), (1, 1.0)] == bench.members
    assert 0 == len(bench.timers)


async def test_stop_leaves_no_timer_and_no_watcher() -> None:
    """What is started slowly later is the next plan's business."""
    bench = Bench()
    await bench.slow.start()
    bench.states[0].block(Block.EJECTED)
    bench.states[0].unblock(Block.EJECTED, bench.clock.monotonic())
    assert 1 == len(bench.timers)
    await bench.slow.stop()
    bench.states[1].block(Block.EJECTED)
    bench.states[1].unblock(Block.EJECTED, bench.clock.monotonic())
    assert 0 == len(bench.timers)


async def test_target_that_fails_while_it_starts_begins_again() -> None:
    """Its share is a tenth once more."""
    bench = Bench()
    await bench.slow.start()
    for _ in range(2):
        bench.states[1].block(Block.UNHEALTHY)
        bench.states[1].unblock(Block.UNHEALTHY, bench.clock.monotonic())
        assert (1, 0.1) == bench.members[1]
        bench.pass_s(10.1)
        assert (1, pytest.approx(0.505)) == bench.members[1]
