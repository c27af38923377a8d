"""The rules of ``Bulkhead``."""

from __future__ import annotations

import asyncio

import pytest

from vizgate.errors import Overloaded
from vizgate.overload.bulkhead import Bulkhead, BulkheadLimits
from vizgate.pipeline.request import Request
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper


class Bench:
    """A bulkhead, a clock, and who has entered."""

    def __init__(self, limits: BulkheadLimits) -> None:
        self.clock = ManualClock(10.0)
        self.sweeper = DeadlineSweeper()
        self.bulkhead = Bulkhead("users", limits, self.clock, self.sweeper)
        self.entered: list[str] = []

    async def enter(self, name: str, deadline_s: float = 0.0) -> None:
        request = Request("GET", b"/")
        request.deadline_s = deadline_s
        waiting = self.bulkhead.enter(request)
        if waiting is not None:
            await waiting
        self.entered.append(name)

    def begin(self, name: str, deadline_s: float = 0.0) -> asyncio.Task[None]:
        return asyncio.create_task(self.enter(name, deadline_s))

    def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.sweeper.sweep(self.clock.monotonic())


async def turn() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_without_a_queue_one_too_many_is_turned_away_at_once() -> None:
    """The place that is given back is the next one's."""
    bench = Bench(BulkheadLimits(1))
    await bench.enter("a")
    with pytest.raises(Overloaded) as refused:
        await bench.enter("b")
    assert (503, 1) == (refused.value.status, refused.value.retry_after_s)
    bench.bulkhead.leave()
    await bench.enter("c")
    assert (["a", "c"], 1) == (bench.entered, bench.bulkhead.refused)


async def test_line_is_first_come_first_served_and_bounded() -> None:
    """Two may wait; the third is turned away, the others follow in the order they came."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=2))
    await bench.enter("a")
    tasks = [bench.begin("b"), bench.begin("c")]
    await turn()
    with pytest.raises(Overloaded):
        await bench.enter("d")
    bench.bulkhead.leave()
    await turn()
    assert ["a", "b"] == bench.entered
    bench.bulkhead.leave()
    await asyncio.gather(*tasks)
    assert ["a", "b", "c"] == bench.entered
    bench.bulkhead.leave()
    assert 0 == bench.bulkhead.in_flight
    assert 0 == len(bench.sweeper)


async def test_who_waits_too_long_leaves_the_line() -> None:
    """After ``queue_timeout``, or at the request's own deadline when that is earlier: 503."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=9))
    await bench.enter("a")
    patient, hurried = bench.begin("b"), bench.begin("c", deadline_s=11.0)
    await turn()
    bench.pass_time(1.1)
    await turn()
    assert (False, True) == (patient.done(), hurried.done())
    bench.pass_time(4.0)
    await turn()
    for task in (patient, hurried):
        with pytest.raises(Overloaded):
            await task
    bench.bulkhead.leave()
    assert 0 == bench.bulkhead.in_flight


async def test_place_goes_to_nobody_whose_time_is_over() -> None:
    """Given back before the line was looked after: 503 by the clock, not by who is told first; the next one has it."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=9))
    await bench.enter("a")
    late, patient = bench.begin("b", deadline_s=11.0), bench.begin("c")
    await turn()
    bench.clock.advance(1.0)
    bench.bulkhead.leave()
    await turn()
    assert (["a", "c"], 1) == (bench.entered, bench.bulkhead.in_flight)
    with pytest.raises(Overloaded):
        await late
    await patient
    bench.pass_time(5.0)
    bench.bulkhead.leave()
    assert (0, 0) == (bench.bulkhead.in_flight, len(bench.sweeper))


async def test_request_without_time_left_does_not_wait() -> None:
    """A deadline that has passed already is turned away at once."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=9))
    await bench.enter("a")
    with pytest.raises(Overloaded):
        await bench.enter("b", deadline_s=9.0)


async def test_client_that_leaves_the_line_takes_no_place() -> None:
    """Cancelled while it waits, in the moment before its turn, or in that after it: no place is lost."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=9))
    await bench.enter("a")
    first, second, third = bench.begin("b"), bench.begin("c"), bench.begin("d")
    await turn()
    first.cancel()
    bench.bulkhead.leave()  # the first has not been able to say that it left: the second's turn
    second.cancel()  # and it leaves in the very same moment: the third's
    await turn()
    assert ["a", "d"] == bench.entered
    assert (1, True, True) == (bench.bulkhead.in_flight, first.cancelled(), second.cancelled())
    await third
    assert 0 == len(bench.sweeper)


async def test_adopt_gives_new_places_to_the_line() -> None:
    """A reload that allows more lets in who waits; one that allows less waits until enough have left."""
    bench = Bench(BulkheadLimits(1, queue_s=5.0, queued=9))
    await bench.enter("a")
    tasks = [bench.begin(name) for name in "bcd"]
    await turn()
    bench.bulkhead.adopt(BulkheadLimits(3, queue_s=5.0, queued=9))
    await turn()
    assert ["a", "b", "c"] == bench.entered
    bench.bulkhead.adopt(BulkheadLimits(2, queue_s=5.0, queued=9))
    bench.bulkhead.leave()
    await turn()
    assert ["a", "b", "c"] == bench.entered
    bench.bulkhead.leave()
    await asyncio.gather(*tasks)
    assert 2 == bench.bulkhead.in_flight
