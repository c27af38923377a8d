"""A background service runs until it has done its work, however often it fails."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

import pytest

from vizgate import BackgroundConfig, BackgroundService, Context
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.plugged.runner import Runner
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock

NAME = f"{__name__}:Worker"


class Worker(BackgroundService):
    """Fails as often as it is told, then waits."""

    def __init__(self, context: Context, faults: list[BaseException], works_s: float = 0.0) -> None:
        super().__init__(BackgroundConfig(), context)
        self.faults = faults
        self.works_s = works_s
        self.is_waiting = asyncio.Event()
        self.was_cancelled = False

    async def run(self) -> None:
        if self.faults:
            clock = self.context.clock
            assert isinstance(clock, ManualClock)
            clock.advance(self.works_s)
            raise self.faults.pop(0)
        self.is_waiting.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.was_cancelled = True


class Pauses:
    """Time that passes at once."""

    def __init__(self) -> None:
        self.waited_s: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.waited_s.append(seconds)


class Steady(Random):
    """Chance that does nothing."""

    def uniform(self, a: float, b: float) -> float:
        return (a + b) / 2


@pytest.fixture
def pauses() -> Pauses:
    return Pauses()


@pytest.fixture
def context(pauses: Pauses) -> Context:
    return Context(clock=ManualClock(), random=Steady(), metrics=Metrics(), sleep=pauses)


def runner_of(service: BackgroundService) -> Runner:
    return Runner(service, FaultBook(service.context.metrics, ManualClock()).of(service))


ERRORS: list[Callable[[], BaseException]] = [ValueError, SystemExit, KeyboardInterrupt, asyncio.CancelledError]


@pytest.mark.parametrize("error", ERRORS)
async def test_service_that_fails_is_run_again(
    context: Context, pauses: Pauses, error: Callable[[], BaseException]
) -> None:
    """Whatever it raises is counted, and it has another try after a pause that grows."""
    service = Worker(context, [error() for _ in range(8)])
    runner = runner_of(service)
    runner.begin()
    await service.is_waiting.wait()
    assert [1, 2, 4, 8, 16, 32, 60, 60] == pytest.approx(pauses.waited_s)
    counters = context.metrics.counters("plugin_errors", "", ("plugin", "stage"))
    assert 8 == counters.of(NAME, "run").value
    assert 8 == context.metrics.counters("background_restarts", "", ("plugin",)).of(NAME).value
    await runner.end()
    assert service.was_cancelled


async def test_service_that_ran_for_long_begins_with_a_short_pause(context: Context, pauses: Pauses) -> None:
    """What fails once an hour is not taken for what cannot start."""
    service = Worker(context, [ValueError() for _ in range(3)], works_s=3600.0)
    runner = runner_of(service)
    runner.begin()
    await service.is_waiting.wait()
    assert [1, 1, 1] == pytest.approx(pauses.waited_s)
    await runner.end()


async def test_service_that_returns_has_done_its_work(context: Context, pauses: Pauses) -> None:
    """It is not run again, and that is no fault."""

    class Once(BackgroundService):
        runs = 0

        async def run(self) -> None:
            self.runs += 1

    service = Once(BackgroundConfig(), context)
    runner = runner_of(service)
    runner.begin()
    for _ in range(5):
        await asyncio.sleep(0)
    assert (1, []) == (service.runs, pauses.waited_s)
    await runner.end()


async def test_service_that_does_not_end_is_given_up(context: Context) -> None:
    """One that ignores its cancellation holds nothing up, and is told of."""

    class Deaf(BackgroundService):
        async def run(self) -> None:
            while not free.is_set():
                try:
                    await free.wait()
                except asyncio.CancelledError:
                    continue

    free = asyncio.Event()
    service = Deaf(BackgroundConfig(), context)
    runner = runner_of(service)
    runner.begin()
    await asyncio.sleep(0)
    await runner.end(timeout_s=0.001)
    family = context.metrics.counters("plugin_errors", "", ("plugin", "stage"))
    assert {("run", 1)} == {(stage, counter.value) for (_, stage), counter in family.series.items()}
    free.set()
    await asyncio.sleep(0)


async def test_unready_is_the_services_word_while_it_runs(context: Context) -> None:
    """A reason counts from the beginning to the end."""
    service = Worker(context, [])
    service.unready = "warming up"
    runner = runner_of(service)
    assert not runner.unready
    runner.begin()
    assert "warming up" == runner.unready
    service.unready = ""
    assert not runner.unready
    await runner.end()
