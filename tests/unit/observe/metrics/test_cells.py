"""Tests of the counting itself."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import Termination
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics.cells import METHODS, Histogram, RouteCells, TargetCells, TerminationCells


def _count(cells: RouteCells, record: ExchangeRecord) -> None:
    cells.complete(
        record.method, record.status, record.duration_s, record.bytes_in, record.bytes_out, record.termination
    )


@pytest.fixture
def cells() -> RouteCells:
    return RouteCells((0.01, 0.1), TerminationCells())


def test_histogram_observe_on_a_bound_counts_below_it() -> None:
    """A bound is inclusive (Prometheus: le)."""
    histogram = Histogram((0.1, 1.0))
    for seconds in (0.1, 0.1000001, 1.0, 7.0):
        histogram.observe(seconds)
    assert histogram.counts == [1, 2, 1]


@given(st.lists(st.floats(0, 100), max_size=30))
def test_histogram_observe_anything_counts_each_once(observed: list[float]) -> None:
    """Every observation is in exactly one bucket, and the sum is the sum."""
    bounds = (0.005, 0.1, 2.5)
    histogram = Histogram(bounds)
    for seconds in observed:
        histogram.observe(seconds)
    assert histogram.counts == [sum(bisect_left(bounds, s) == i for s in observed) for i in range(4)]
    assert histogram.total_s == pytest.approx(sum(observed))


def test_complete_requests_are_counted_by_method_and_status(cells: RouteCells, record: ExchangeRecord) -> None:
    """Each pair has its own count; bytes and seconds add up."""
    for method, status in (("GET", 200), ("GET", 200), ("GET", 404), ("POST", 200)):
        _count(cells, replace(record, method=method, status=status, bytes_in=10))
    assert cells.requests == {"GET": {200: 2, 404: 1}, "POST": {200: 1}}
    assert (cells.bytes_in, cells.bytes_out) == (40, 2048)
    assert cells.duration.counts == [0, 4, 0]
    assert repr(cells) == "<RouteCells [4 requests]>"


@given(st.lists(st.tuples(st.text(max_size=5), st.integers(-1, 2000)), max_size=50))
def test_complete_strange_methods_and_statuses_make_no_series(pairs: list[tuple[str, int]]) -> None:
    """Whatever clients and upstreams send, labels stay in their sets, and no request goes uncounted."""
    cells = RouteCells((1.0,), TerminationCells())
    for method, status in pairs:
        _count(cells, _bare(method, status))
    assert set(cells.requests) <= METHODS | {"other"}
    assert all(status == 0 or 100 <= status <= 599 for counts in cells.requests.values() for status in counts)
    assert sum(sum(counts.values()) for counts in cells.requests.values()) == len(pairs)


def test_complete_method_named_other_counts_as_other(cells: RouteCells, record: ExchangeRecord) -> None:
    """A client that sends the method "other" meets the same count."""
    for method in ("FROB", "other", "get"):
        _count(cells, replace(record, method=method))
    assert cells.requests == {"other": {200: 3}}


def test_complete_terminations_are_counted_over_all_routes(record: ExchangeRecord) -> None:
    """Two routes share the counts of terminations; every request has one."""
    terminations = TerminationCells()
    first, second = RouteCells((1.0,), terminations), RouteCells((1.0,), terminations)
    _count(first, record)
    _count(second, replace(record, termination=Termination.CLIENT_ABORT))
    _count(first, replace(record, termination=Termination.CLIENT_ABORT))
    assert (terminations.normal, terminations.others) == (1, {Termination.CLIENT_ABORT: 2})


@pytest.mark.parametrize(
    ("termination", "outcome"),
    [
        (Termination.CONNECT_FAILURE, "connect_failure"),
        (Termination.UPSTREAM_TIMEOUT, "timeout"),
        (Termination.UPSTREAM_RESET, "reset"),
        (Termination.UPSTREAM_INVALID, "invalid"),
        (Termination.CLIENT_ABORT, "cancelled"),
        (Termination.CLIENT_TIMEOUT, "cancelled"),
        (Termination.SHUTDOWN, "cancelled"),
    ],
)
def test_end_attempt_failed_is_counted_by_whose_doing_it_was(termination: Termination, outcome: str) -> None:
    """What the target did has a name; what others did is "cancelled"."""
    target = TargetCells((1.0,))
    target.end(termination)
    target.end(termination)
    assert (target.ok, target.attempts) == (0, {outcome: 2})


def test_end_attempt_relayed_is_ok() -> None:
    """An answer that was relayed whole is ok; its latency was observed when the head came."""
    target = TargetCells((1.0,))
    target.answer(0.25)
    target.end(Termination.NORMAL)
    assert (target.ok, target.duration.counts, target.duration.total_s) == (1, [1, 0], 0.25)
    assert repr(target) == "<TargetCells [ok: 1 | failed: 0]>"


def _bare(method: str, status: int) -> ExchangeRecord:
    return ExchangeRecord(
        0.0, 0.0, method, b"/", 1, "", "http", "", "", "", "", "", "", 0, 0.0, status, 0, 0, Termination.NORMAL
    )
