"""The rules of shedding: how hard pressed the gateway is, and who is turned away."""

from __future__ import annotations

import pytest

from vizgate.errors import Overloaded
from vizgate.extension.contract import Context
from vizgate.observe.metrics.counters import Counter
from vizgate.overload.meter import PressureMeter, resident_bytes
from vizgate.overload.pressure import RANKS, Pressure, PressureBounds
from vizgate.overload.shedding import Shedding
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock


@pytest.mark.parametrize(("lag_s", "level"), [(0.05, 0), (0.1, 1), (0.19, 1), (0.2, 2), (0.39, 2), (0.4, 3), (9.0, 3)])
def test_level_follows_a_lag_that_stays(lag_s: float, level: int) -> None:
    """At the bound low priority goes, at twice normal, at four times high."""
    pressure = Pressure(PressureBounds(lag_s=0.1))
    for _ in range(200):
        pressure.take_lag(lag_s + 1e-9)
    assert level == pressure.level


def test_single_pause_is_no_overload() -> None:
    """A collection of garbage of half a second alone turns nobody of normal priority away, and is soon forgotten."""
    pressure = Pressure(PressureBounds(lag_s=0.1))
    pressure.take_lag(0.5)
    assert 0 == pressure.level
    for _ in range(20):
        pressure.take_lag(0.0)
    assert pressure.lag_s < 0.01


@pytest.mark.parametrize(("size", "level"), [(999, 0), (1000, 1), (1100, 2), (1200, 3)])
def test_level_follows_the_memory(size: int, level: int) -> None:
    """At the bound, 10 % over it, 20 % over it; the worse of lag and memory counts."""
    pressure = Pressure(PressureBounds(lag_s=1.0, memory_bytes=1000))
    pressure.take_memory(size)
    pressure.take_lag(0.0)
    assert level == pressure.level


async def _answer(request: Request) -> Response:
    return Response(200)


@pytest.mark.parametrize("level", range(4))
async def test_shedding_turns_low_ranks_away_first(level: int) -> None:
    """Of low, normal, high and critical as many are turned away as the level says, the last never."""
    pressure = Pressure(PressureBounds(memory_bytes=1000))
    pressure.take_memory((0, 1000, 1100, 1200)[level])
    counters = [Counter() for _ in RANKS]
    for rank, counter in zip(RANKS.values(), counters, strict=True):
        route = Shedding(_answer, rank, pressure, 7, counter)
        if rank < level:
            with pytest.raises(Overloaded) as refused:
                await route(Request("GET", b"/"))
            assert (503, 7) == (refused.value.status, refused.value.retry_after_s)
        else:
            assert 200 == (await route(Request("GET", b"/"))).status
    assert level == sum(counter.value for counter in counters)


async def test_meter_measures_at_each_sweep_and_memory_once_a_second() -> None:
    """A sweep that comes 100 ms late is a lag of 100 ms; the first one has nothing to compare with."""
    clock, sweeps = ManualClock(5.0), {}
    pressure = Pressure(PressureBounds(lag_s=1.0, memory_bytes=1000))
    sizes = iter([1, 2, 3])
    meter = PressureMeter(pressure, sweeps, 0.025, Context(clock=clock), lambda: next(sizes))
    await meter.start()
    assert ([meter], 0) == (list(sweeps), pressure.memory_bytes)
    meter.patrol()
    assert (0.0, 2) == (pressure.lag_s, pressure.memory_bytes)
    clock.advance(0.125)
    meter.patrol()
    assert (pytest.approx(0.1 / 8), 2) == (pressure.lag_s, pressure.memory_bytes)
    clock.advance(1.0)
    meter.patrol()
    assert 3 == pressure.memory_bytes
    await meter.stop()
    assert not sweeps


def test_resident_bytes_is_the_size_of_this_process() -> None:
    """Some megabytes at least, and less than a machine has."""
    assert 5_000_000 < resident_bytes() < 50_000_000_000


async def test_meter_says_where_memory_cannot_be_measured() -> None:
    """A setting that cannot act is no setting to start with."""

    def fails() -> int:
        raise FileNotFoundError

    meter = PressureMeter(Pressure(PressureBounds()), {}, 0.025, Context(), fails)
    with pytest.raises(Exception, match="needs /proc"):
        await meter.start()
