"""What `complete` costs per request: counting, queueing the log line, and what is done for it off the hot path."""

from __future__ import annotations

from collections import deque
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.clock import SystemClock
from vizgate.errors import Termination
from vizgate.observe.access_log import AccessLog, CombinedFormat, JsonFormat, open_sink
from vizgate.observe.date import HttpDate
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics
from vizgate.observe.request_id import new_request_id

NOWHERE = "/dev/null"


def make_record() -> ExchangeRecord:
    return ExchangeRecord(
        1_790_000_000.123, 0.0125, "GET", b"/api/v1/users/7", 1, "api.example.com", "http", "203.0.113.9", "10.0.0.1",
        "0af7651916cd43dd8448eb211c80319c", "user", "users", "127.0.0.1:3001", 1, 0.0101, 200, 0, 512,
        Termination.NORMAL, b"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", b"https://app.example.com/",
    )  # fmt: skip


def test_record_made(benchmark: BenchmarkFixture) -> None:
    benchmark(make_record)


def test_route_cells_complete(benchmark: BenchmarkFixture) -> None:
    benchmark(Metrics().route("user").complete, "GET", 200, 0.0125, 0, 512, Termination.NORMAL)


def test_target_cells_answer_and_end(benchmark: BenchmarkFixture) -> None:
    cells = Metrics().target("users", "127.0.0.1:3001")

    def attempt() -> None:
        cells.answer(0.0101)
        cells.end(Termination.NORMAL)

    benchmark(attempt)


def test_access_log_append_with_its_writer_running(benchmark: BenchmarkFixture) -> None:
    """The writer competes for the interpreter lock meanwhile; what it cannot keep up with is dropped."""
    log = AccessLog(JsonFormat(), open_sink(NOWHERE))
    benchmark(log.append, make_record())
    log.close()


def test_complete_step_whole(benchmark: BenchmarkFixture) -> None:
    """Record, metrics, attempt and enqueueing, without the writer: the loop's own share."""
    metrics = Metrics()
    route, target = metrics.route("user"), metrics.target("users", "127.0.0.1:3001")
    log = AccessLog(JsonFormat(), open_sink(NOWHERE))
    # A queue that never grows long enough to wake the writer, who would blur the figure.
    log._queue = deque(maxlen=100)  # noqa: SLF001
    log._resting = False  # noqa: SLF001

    def complete() -> None:
        record = make_record()
        target.answer(record.upstream_s)
        target.end(record.termination)
        route.complete("GET", 200, record.duration_s, 0, 512, record.termination)
        log.append(record)

    benchmark(complete)


@pytest.mark.parametrize("target", [b"/api/v1/users/7", b"/api/v1/users/7?page=2&token=abc"], ids=["path", "query"])
@pytest.mark.parametrize("line", [JsonFormat, CombinedFormat])
def test_line_formatted(benchmark: BenchmarkFixture, line: type[JsonFormat | CombinedFormat], target: bytes) -> None:
    record = make_record()
    record.target = target
    benchmark(line(), record)


def test_request_id_new(benchmark: BenchmarkFixture) -> None:
    benchmark(new_request_id, Random(1))


def test_http_date_value(benchmark: BenchmarkFixture) -> None:
    benchmark(HttpDate(SystemClock()).value)


@pytest.mark.parametrize("routes", [10, 1000])
def test_exposition_of_routes(benchmark: BenchmarkFixture, routes: int) -> None:
    metrics = Metrics()
    for number in range(routes):
        metrics.route(f"route-{number}").complete("GET", 200, 0.0125, 0, 512, Termination.NORMAL)
    benchmark(metrics.exposition)
