"""Tests of ``Metrics``: cells by label, and what is exposed, read back with Prometheus's own parsers."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest
from prometheus_client import Counter
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from vizgate.errors import Termination
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics, RouteCells

Sample = tuple[str | tuple[str, str], ...]

_OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def _count(cells: RouteCells, record: ExchangeRecord) -> None:
    cells.complete(
        record.method, record.status, record.duration_s, record.bytes_in, record.bytes_out, record.termination
    )


@pytest.fixture
def metrics() -> Metrics:
    return Metrics((0.01, 0.1), version="1.2.3")


def _samples(metrics: Metrics, accept: str = "") -> dict[Sample, float]:
    _, body = metrics.exposition(accept)
    parse = parse_openmetrics if accept else parse_text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in parse(body.decode())
        for sample in family.samples
    }


def _fill(metrics: Metrics, record: ExchangeRecord) -> None:
    user = metrics.route("user")
    for duration_s, status in ((0.005, 200), (0.05, 200), (7.0, 502)):
        _count(user, replace(record, duration_s=duration_s, status=status, bytes_in=5, bytes_out=100))
    _count(metrics.unrouted, replace(record, route="", method="FROB", status=501, termination=Termination.BAD_REQUEST))
    target = metrics.target("users", "127.0.0.1:3001")
    target.answer(0.02)
    target.end(Termination.NORMAL)
    target.end(Termination.CONNECT_FAILURE)
    metrics.gateway.connections_active = 2
    metrics.gateway.connections_total = 9
    metrics.gateway.requests_active = 1
    metrics.access_log.overflowed = 3
    metrics.access_log.lost = 1


@pytest.mark.parametrize("accept", ["", _OPENMETRICS])
def test_exposition_after_known_requests_has_the_totals_counted_by_hand(
    metrics: Metrics, record: ExchangeRecord, accept: str
) -> None:
    """In both formats every sample has the value that counting by hand gives, and there is no other sample."""
    _fill(metrics, record)
    user, target = ("route", "user"), (("service", "users"), ("target", "127.0.0.1:3001"))
    samples = _samples(metrics, accept)
    expected = {
        ("vizgate_build_info", ("version", "1.2.3")): 1,
        ("vizgate_connections_active",): 2,
        ("vizgate_connections_total",): 9,
        ("vizgate_requests_active",): 1,
        ("vizgate_access_log_dropped_total",): 4,
        ("vizgate_requests_total", ("method", "GET"), user, ("status", "200")): 2,
        ("vizgate_requests_total", ("method", "GET"), user, ("status", "502")): 1,
        ("vizgate_requests_total", ("method", "other"), ("route", ""), ("status", "501")): 1,
        ("vizgate_request_duration_seconds_bucket", ("le", "0.01"), user): 1,
        ("vizgate_request_duration_seconds_bucket", ("le", "0.1"), user): 2,
        ("vizgate_request_duration_seconds_bucket", ("le", "+Inf"), user): 3,
        ("vizgate_request_duration_seconds_count", user): 3,
        ("vizgate_request_duration_seconds_sum", user): pytest.approx(7.055),
        ("vizgate_request_bytes_total", user): 15,
        ("vizgate_response_bytes_total", user): 300,
        ("vizgate_terminations_total", ("termination", "-")): 3,
        ("vizgate_terminations_total", ("termination", "bad_request")): 1,
        ("vizgate_upstream_attempts_total", ("outcome", "ok"), *target): 1,
        ("vizgate_upstream_attempts_total", ("outcome", "connect_failure"), *target): 1,
        ("vizgate_upstream_duration_seconds_bucket", ("le", "0.01"), *target): 0,
        ("vizgate_upstream_duration_seconds_bucket", ("le", "0.1"), *target): 1,
        ("vizgate_upstream_duration_seconds_bucket", ("le", "+Inf"), *target): 1,
        ("vizgate_upstream_duration_seconds_sum", *target): pytest.approx(0.02),
    }
    assert {key: samples[key] for key in expected} == expected
    ours = {key: value for key, value in samples.items() if str(key[0]).startswith("vizgate_")}
    assert sum(value for key, value in ours.items() if key[0] == "vizgate_terminations_total") == 4
    zero = {key for key, value in ours.items() if value == 0 and key not in expected}
    unrouted = {key for key in ours if ("route", "") in key}
    assert set(ours) - set(expected) - zero - unrouted <= {("vizgate_upstream_duration_seconds_count", *target)}


def test_exposition_has_figures_of_the_process(metrics: Metrics) -> None:
    """Memory, CPU and open files of the process are there, under Prometheus's usual names."""
    samples = _samples(metrics)
    assert samples["process_resident_memory_bytes",] > 0
    assert samples["process_open_fds",] > 0


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("", "text/plain; version=0.0.4; charset=utf-8"),
        ("*/*", "text/plain; version=0.0.4; charset=utf-8"),
        (_OPENMETRICS, "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores"),
        ("application/openmetrics-text;version=x", "text/plain; version=0.0.4; charset=utf-8"),
        ("text/plain;version=x.y", "text/plain; version=0.0.4; charset=utf-8"),
    ],
)
def test_exposition_format_follows_accept(metrics: Metrics, accept: str, content_type: str) -> None:
    """OpenMetrics for who asks for it, text for everybody else, nonsense included."""
    assert metrics.exposition(accept)[0] == content_type


def test_exposition_route_name_with_quotes_is_escaped(metrics: Metrics, record: ExchangeRecord) -> None:
    """A name from the YAML cannot break the format."""
    name = 'a"b\\c\nd'
    _count(metrics.route(name), record)
    assert _samples(metrics)["vizgate_request_bytes_total", ("route", name)] == 0


def test_exposition_idle_routes_and_targets_are_left_out(metrics: Metrics) -> None:
    """What never saw a request makes no lines."""
    metrics.route("idle")
    metrics.target("users", "127.0.0.1:1")
    assert not any(("route", "idle") in key or ("service", "users") in key for key in _samples(metrics))


def test_route_and_target_same_labels_are_the_same_cells(metrics: Metrics) -> None:
    """A reloaded plan asks again and goes on counting where the old one was."""
    assert metrics.route("a") is metrics.route("a")
    assert metrics.route("") is metrics.unrouted
    assert metrics.target("s", "x:1") is metrics.target("s", "x:1")
    assert metrics.target("s", "x:1") is not metrics.target("t", "x:1")
    assert repr(metrics) == "<Metrics [2 routes, 2 targets]>"


def test_registry_of_two_gateways_are_apart(metrics: Metrics, record: ExchangeRecord) -> None:
    """Two gateways in one process do not count into each other."""
    other = Metrics()
    _count(metrics.route("user"), record)
    assert ("vizgate_request_bytes_total", ("route", "user")) not in _samples(other)


def test_registry_collector_of_a_plugin_is_exposed(metrics: Metrics) -> None:
    """A plugin's own counter stands beside ours."""
    Counter("my_plugin_things", "Things.", registry=metrics.registry).inc(4)
    assert _samples(metrics)["my_plugin_things_total",] == 4


def test_registry_name_that_is_ours_is_refused(metrics: Metrics) -> None:
    """A plugin that takes one of our names learns it when it registers."""
    with pytest.raises(ValueError, match="vizgate_requests"):
        Counter("vizgate_requests", "Mine.", registry=metrics.registry)


def test_use_buckets_other_bounds_begin_again(metrics: Metrics, record: ExchangeRecord) -> None:
    """New bounds empty every histogram and leave every counter."""
    cells = metrics.route("user")
    _count(cells, record)
    metrics.use_buckets((1.0, 2.0))
    assert (cells.duration.bounds, cells.duration.counts) == ((1.0, 2.0), [0, 0, 0])
    assert cells.requests == {"GET": {200: 1}}
    assert metrics.target("s", "x:1").duration.bounds == (1.0, 2.0)


def test_use_buckets_same_bounds_change_nothing(metrics: Metrics, record: ExchangeRecord) -> None:
    """A reload that leaves the buckets alone leaves the histograms alone."""
    cells = metrics.route("user")
    _count(cells, record)
    metrics.use_buckets([0.01, 0.1])
    assert sum(cells.duration.counts) == 1


@pytest.mark.parametrize("buckets", [(), (0.1, 0.1), (0.2, 0.1), (0.0, 1.0), (-1.0,), (float("inf"),), (float("nan"),)])
def test_metrics_buckets_that_are_none_are_refused(buckets: tuple[float, ...]) -> None:
    """Bounds ascend, are positive and finite, and there is at least one."""
    with pytest.raises(ValueError, match="buckets"):
        Metrics(buckets)


def test_metrics_without_a_scrape_never_import_prometheus_client() -> None:
    """The import is paid by who is scraped."""
    code = (
        "import sys, vizgate.observe.metrics as m; m.Metrics().route('a'); sys.exit('prometheus_client' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
