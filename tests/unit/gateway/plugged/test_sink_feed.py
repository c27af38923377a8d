"""A sink is given every record that there is room for, and no request waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest

from vizgate import RequestRecord, Sink, SinkConfig
from vizgate.errors import Termination
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.plugged.sink_feed import SinkFeed
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics
from vizgate.testing import ManualClock

NAME = f"{__name__}:Bucket"


class Bucket(Sink):
    """Keeps what it is given, unless it has a fault; ``is_open`` lets it go on."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(SinkConfig(**{"every": 0.001, **settings}))
        self.batches: list[Sequence[RequestRecord]] = []
        self.faults: list[BaseException] = []
        self.is_open = asyncio.Event()
        self.is_open.set()
        self.came = asyncio.Event()

    async def take(self, records: Sequence[RequestRecord]) -> None:
        self.came.set()
        await self.is_open.wait()
        if self.faults:
            raise self.faults.pop(0)
        self.batches.append(records)

    @property
    def ids(self) -> list[str]:
        return [record.request_id for batch in self.batches for record in batch]


def record(number: int = 1, **changes: Any) -> ExchangeRecord:
    values: dict[str, Any] = {
        "started_s": 1.0, "duration_s": 0.5, "method": "GET", "target": b"/a?token=secret&b=%20", "minor": 1,
        "authority": "a.example", "scheme": "http", "client": "192.0.2.1", "peer": "127.0.0.1",
        "request_id": str(number), "route": "r", "service": "s", "upstream": "127.0.0.1:1", "attempts": 1,
        "upstream_s": 0.25, "status": 200, "bytes_in": 0, "bytes_out": 5, "termination": Termination.NORMAL,
        "user_agent": b"curl/8", "referer": b"http://user:word@b.example/?key=1", "user": "acme",
    }  # fmt: skip
    return ExchangeRecord(**values | changes)


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


def counts(metrics: Metrics) -> dict[str, int]:
    family = metrics.counters("sink_records", "", ("plugin", "outcome"))
    return {outcome: family.of(NAME, outcome).value for outcome in ("taken", "failed", "dropped")}


@asynccontextmanager
async def feeding(sink: Bucket, metrics: Metrics) -> AsyncIterator[SinkFeed]:
    faults = FaultBook(metrics, ManualClock()).of(sink)
    feed = SinkFeed(sink, faults, metrics, pauses_s=(0.001, 0.002))
    feed.begin()
    yield feed
    await feed.end()


async def test_sink_is_given_plain_values_without_secrets(metrics: Metrics) -> None:
    """A record for a sink is frozen, has text for bytes, and no secret of a URL."""
    sink = Bucket()
    async with feeding(sink, metrics) as feed:
        feed.append(record())
    taken = sink.batches[0][0]
    assert ("/a?token=REDACTED&b=%20", "http://REDACTED@b.example/?key=REDACTED") == (taken.target, taken.referer)
    assert ("1.1", "-", "curl/8", "acme") == (taken.http_version, taken.termination, taken.user_agent, taken.user)
    assert taken.as_dict()["route"] == "r"
    with pytest.raises(AttributeError):
        taken.status = 500  # type: ignore[misc]


async def test_sink_is_given_batches_in_order(metrics: Metrics) -> None:
    """No batch is longer than ``batch``, nothing is lost, and the order is that of the requests."""
    sink = Bucket(batch=250)
    async with feeding(sink, metrics) as feed:
        for number in range(1000):
            feed.append(record(number))
    assert [str(number) for number in range(1000)] == sink.ids
    assert 250 == max(len(batch) for batch in sink.batches)
    assert {"taken": 1000, "failed": 0, "dropped": 0} == counts(metrics)


async def test_full_batch_does_not_wait(metrics: Metrics) -> None:
    """With as many records as a batch holds there is nothing to wait for."""
    sink = Bucket(batch=3, every=3600)
    async with feeding(sink, metrics) as feed:
        for number in range(3):
            feed.append(record(number))
        await sink.came.wait()
    assert ["0", "1", "2"] == sink.ids


async def test_slow_sink_fills_its_queue_and_what_is_over_is_dropped(metrics: Metrics) -> None:
    """Memory is bounded: the newest records are dropped and counted."""
    sink = Bucket(queue=10, batch=1)
    sink.is_open.clear()
    async with feeding(sink, metrics) as feed:
        feed.append(record(0))
        await sink.came.wait()
        for number in range(1, 21):
            feed.append(record(number))
        sink.is_open.set()
    assert [str(number) for number in range(11)] == sink.ids
    assert 10 == counts(metrics)["dropped"]


@pytest.mark.parametrize("error", [ValueError("full"), SystemExit(1), KeyboardInterrupt(), asyncio.CancelledError()])
async def test_failing_sink_loses_one_batch(error: BaseException, metrics: Metrics) -> None:
    """What a sink fails on is lost and counted; the next batch comes after a pause."""
    sink = Bucket(batch=2)
    sink.faults = [error]
    async with feeding(sink, metrics) as feed:
        for number in range(4):
            feed.append(record(number))
    assert ["2", "3"] == sink.ids
    assert {"taken": 2, "failed": 2, "dropped": 0} == counts(metrics)
    assert 1 == metrics.counters("plugin_errors", "", ("plugin", "stage")).of(NAME, "take").value


async def test_sink_that_hangs_is_given_up(metrics: Metrics) -> None:
    """A batch that takes longer than ``timeout`` is lost."""
    sink = Bucket(timeout=0.001)
    sink.is_open.clear()
    async with feeding(sink, metrics) as feed:
        feed.append(record())
    assert {"taken": 0, "failed": 1, "dropped": 0} == counts(metrics)


async def test_end_does_not_wait_for_ever(metrics: Metrics) -> None:
    """What a sink does not take in time at a stop is dropped and counted."""
    sink = Bucket(batch=1)
    sink.is_open.clear()
    feed = SinkFeed(sink, FaultBook(metrics, ManualClock()).of(sink), metrics)
    feed.begin()
    for number in range(3):
        feed.append(record(number))
    await sink.came.wait()
    await feed.end(timeout_s=0.001)
    assert ([], 3) == (sink.ids, counts(metrics)["failed"] + counts(metrics)["dropped"])


async def test_feed_can_begin_again(metrics: Metrics) -> None:
    """A gateway may be started anew; what comes while it does not run is dropped."""
    sink = Bucket()
    feed = SinkFeed(sink, FaultBook(metrics, ManualClock()).of(sink), metrics)
    for number in range(2):
        feed.append(record())
        feed.begin()
        feed.append(record(number))
        await feed.end()
    assert (["0", "1"], 2) == (sink.ids, counts(metrics)["dropped"])


async def test_long_texts_do_not_fill_the_queue(metrics: Metrics) -> None:
    """A target of 64 KiB is cut before it waits."""
    sink = Bucket()
    async with feeding(sink, metrics) as feed:
        feed.append(record(target=b"/" + b"a" * 60_000))
        assert max(len(waiting.target) for waiting in feed._queue) < 3000
    assert sink.batches[0][0].target.endswith("aaa...")
