"""How the cells look to Prometheus.

In: names, labels and help texts (docs/reference/metrics.md lists them) and the choice of the format. Not in: counting.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from itertools import accumulate

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from vizgate.errors import Termination
from vizgate.observe.metrics.cells import OUTCOMES, CellSet, Histogram, RouteCells, TargetCells
from vizgate.observe.metrics.registry import PageRegistry

_log = logging.getLogger("vizgate.metrics")


def build_registry(cells: CellSet) -> CollectorRegistry:
    """A registry with *cells* and the figures of this process."""
    registry = PageRegistry((CellCollector, ProcessCollector))
    registry.register(CellCollector(cells))
    ProcessCollector(registry=registry)
    return registry


def expose(registry: CollectorRegistry, accept: str) -> tuple[str, bytes]:
    """The contents of *registry* in the format that *accept* asks for; Prometheus text 0.0.4 when in doubt."""
    try:
        encode, content_type = choose_encoder(accept)
    except TypeError:
        # choose_encoder compares a version that is not a number ("version=x") with numbers.
        encode, content_type = choose_encoder("")
    return content_type, encode(registry)


class CellCollector(Collector):
    """Reads the cells when it is asked to.

    Routes and targets that never saw a request are left out: 10,000 idle routes would make a scrape of 100,000 lines
    that say nothing.
    """

    def __init__(self, cells: CellSet) -> None:
        self._cells = cells

    def collect(self) -> Iterator[Metric]:
        """Every family, each from a copy that no thread changes."""
        routes = [(name, cells) for name, cells in sorted(self._cells.routes.copy().items()) if cells.requests]
        targets = [
            (labels, cells)
            for labels, cells in sorted(self._cells.targets.copy().items())
            if cells.ok or cells.attempts or any(cells.duration.counts)
        ]
        yield InfoMetricFamily("vizgate_build", "The version that runs.", value={"version": self._cells.version})
        yield from _gateway_families(self._cells)
        yield _requests(routes)
        yield from _route_families(routes)
        yield _terminations(self._cells)
        yield from _target_families(targets)
        yield from _counters(self._cells)
        yield from _gauges(self._cells)


def _gateway_families(cells: CellSet) -> Iterator[Metric]:
    gateway = cells.gateway
    yield GaugeMetricFamily(
        "vizgate_connections_active", "Client connections that are open.", value=gateway.connections_active
    )
    yield CounterMetricFamily(
        "vizgate_connections", "Client connections that were accepted.", value=gateway.connections_total
    )
    yield GaugeMetricFamily(
        "vizgate_requests_active", "Requests that were read and are not complete.", value=gateway.requests_active
    )
    yield CounterMetricFamily(
        "vizgate_access_log_dropped",
        "Access log lines that were not written: the queue was full or writing failed.",
        value=cells.access_log.dropped,
    )


def _requests(routes: list[tuple[str, RouteCells]]) -> Metric:
    family = CounterMetricFamily(
        "vizgate_requests", "Completed requests; route is empty for those that matched none.",
        labels=("route", "method", "status"),
    )  # fmt: skip
    for name, cells in routes:
        for method, by_status in sorted(cells.requests.copy().items()):
            for status, count in sorted(by_status.copy().items()):
                family.add_metric((name, method, str(status) if status else "other"), count)
    return family


def _route_families(routes: list[tuple[str, RouteCells]]) -> Iterator[Metric]:
    duration = HistogramMetricFamily(
        "vizgate_request_duration_seconds", "From reading the head of a request to the end of its answer.",
        labels=("route",),
    )  # fmt: skip
    bytes_in = CounterMetricFamily("vizgate_request_bytes", "Bytes of request bodies.", labels=("route",))
    bytes_out = CounterMetricFamily("vizgate_response_bytes", "Bytes of response bodies.", labels=("route",))
    for name, cells in routes:
        _add_histogram(duration, (name,), cells.duration)
        bytes_in.add_metric((name,), cells.bytes_in)
        bytes_out.add_metric((name,), cells.bytes_out)
    yield from (duration, bytes_in, bytes_out)


def _terminations(cells: CellSet) -> Metric:
    family = CounterMetricFamily(
        "vizgate_terminations", "Completed requests by how they ended; '-' is the usual end.", labels=("termination",)
    )
    others = cells.terminations.others.copy()
    for termination in Termination:
        count = cells.terminations.normal if termination is Termination.NORMAL else others.get(termination, 0)
        family.add_metric((termination.value,), count)
    return family


def _target_families(targets: list[tuple[tuple[str, str], TargetCells]]) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "vizgate_upstream_attempts", "Tries at one target, by how they ended.", labels=("service", "target", "outcome")
    )
    duration = HistogramMetricFamily(
        "vizgate_upstream_duration_seconds", "From the start of an attempt to the response head.",
        labels=("service", "target"),
    )  # fmt: skip
    for (service, target), cells in targets:
        failed = cells.attempts.copy()
        for outcome in OUTCOMES:
            count = cells.ok if outcome == "ok" else failed.get(outcome, 0)
            attempts.add_metric((service, target, outcome), count)
        _add_histogram(duration, (service, target), cells.duration)
    yield from (attempts, duration)


def _counters(cells: CellSet) -> Iterator[Metric]:
    """What components count."""
    for name, counters in sorted(cells.counters.copy().items()):
        family = CounterMetricFamily(f"vizgate_{name}", counters.help, labels=counters.labels)
        for values, counter in sorted(counters.series.copy().items()):
            family.add_metric(values, counter.value)
        yield family


def _gauges(cells: CellSet) -> Iterator[Metric]:
    """What components show."""
    for name, gauges in sorted(cells.gauges.copy().items()):
        family = GaugeMetricFamily(f"vizgate_{name}", gauges.help, labels=gauges.labels)
        try:
            for values, value in gauges.read():
                family.add_metric([str(each) for each in values], float(value))
        except Exception as error:  # noqa: BLE001  # a stranger's function; the page is the gateway's
            _log.error("the gauges vizgate_%s cannot be read: %s", name, type(error).__name__)
            continue
        yield family


def _add_histogram(family: HistogramMetricFamily, labels: tuple[str, ...], histogram: Histogram) -> None:
    bounds = (*(repr(bound) for bound in histogram.bounds), "+Inf")
    buckets = list(zip(bounds, accumulate(histogram.counts.copy()), strict=True))
    family.add_metric(labels, buckets, histogram.total_s)
