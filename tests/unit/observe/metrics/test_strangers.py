"""Numbers of plugins cannot spoil the page that holds those of everybody."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

from vizgate.observe.metrics import Metrics
from vizgate.observe.metrics.fleet.registry import families_of
from vizgate.observe.metrics.names import OWN


def page(metrics: Metrics) -> dict[str, float]:
    """Every sample without labels; the page is one that Prometheus takes."""
    families = text_string_to_metric_families(metrics.exposition()[1].decode())
    return {sample.name: sample.value for family in families for sample in family.samples if not sample.labels}


def test_own_names_are_those_of_the_page() -> None:
    """The list of names that are taken is what the gateway shows."""
    shown = re.findall(
        r"^# TYPE vizgate_(\w+?)(?:_total|_info)? \w+$", Metrics().exposition()[1].decode(), re.MULTILINE
    )
    assert OWN == set(shown)


BAD: list[tuple[str, Any, tuple[Any, ...]]] = [
    ("", "h", ()),
    ("acme-x", "h", ()),
    ("Acme", "h", ()),
    ("1x", "h", ()),
    ("x\n", "h", ()),
    ("x", "h", ("a-b",)),
    ("x", "h", ("a", "a")),
    ("x", "h", (1,)),
    ("x", None, ()),
    ("x_total", "h", ()),
    ("x_created", "h", ()),
    *((name, "h", ()) for name in sorted(OWN)),
]


@pytest.mark.parametrize(("name", "text", "labels"), BAD)
def test_name_that_would_spoil_the_page_is_refused(name: str, text: Any, labels: tuple[Any, ...]) -> None:
    """Where it is given, and not at the next scrape."""
    metrics = Metrics()
    with pytest.raises(ValueError, match=r"\.|no text|twice"):
        metrics.counters(name, text, labels)
    with pytest.raises(ValueError, match=r"\.|no text|twice"):
        metrics.gauges(name, text, labels, list)
    page(metrics)


def test_counters_and_gauges_have_names_of_their_own() -> None:
    """One name for both would be one family of two kinds."""
    metrics = Metrics()
    metrics.counters("acme_things", "h")
    metrics.gauges("acme_state", "h", (), list)
    with pytest.raises(ValueError, match="another family"):
        metrics.gauges("acme_things", "h", (), list)
    with pytest.raises(ValueError, match="another family"):
        metrics.counters("acme_state", "h")


def test_label_that_is_no_text_is_refused() -> None:
    """As a name that is none."""
    with pytest.raises(ValueError, match="a label of acme_things is no text"):
        Metrics().counters("acme_things", "h", ("a",)).of(5)  # type: ignore[arg-type]


def raising() -> Any:
    raise ZeroDivisionError


READS: list[Callable[[], Any]] = [raising, lambda: 5, lambda: [((), "text")], lambda: [1], lambda: [(1, 1.0)]]


@pytest.mark.parametrize("read", READS)
def test_gauge_that_cannot_be_read_is_left_out(read: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    """The others are shown, and the log names the one that is not."""
    metrics = Metrics()
    metrics.gauges("acme_bad", "h", (), read)
    metrics.gauges("acme_good", "h", (), lambda: [((), 2.0)])
    shown = page(metrics)
    assert (2.0, 0.0, False) == (
        shown["vizgate_acme_good"],
        shown["vizgate_requests_active"],
        "vizgate_acme_bad" in shown,
    )
    assert any("vizgate_acme_bad cannot be read" in record.getMessage() for record in caplog.records)


class Later:
    """A collector that is good when it is registered."""

    def __init__(self, then: Callable[[], Any]) -> None:
        self._then = then
        self._calls = 0

    def collect(self) -> Iterator[Any]:
        self._calls += 1
        if self._calls > 1:
            yield self._then()


def odd(name: Any = "acme_x", text: Any = "h", labels: Any = ("a",), values: Any = ("1",), value: Any = 1.0) -> Any:
    family = GaugeMetricFamily("acme_x", "h", labels=labels)
    family.add_metric(values, value)
    family.name, family.documentation = name, text
    return family


@pytest.mark.parametrize(
    "then",
    [
        raising,
        lambda: None,
        lambda: odd(text=None),
        lambda: odd(value="x"),
        lambda: odd(values=(5,)),
        lambda: odd(name=5),
    ],
)
def test_collector_that_fails_is_left_out(then: Callable[[], Any], caplog: pytest.LogCaptureFixture) -> None:
    """Whatever it raises, and whatever it gives; for one process as for the sum of several."""
    caplog.set_level(logging.ERROR)
    metrics = Metrics()
    metrics.registry.register(Later(then))  # type: ignore[arg-type]  # it is like one
    metrics.registry.register(Later(odd))  # type: ignore[arg-type]
    assert "vizgate_requests_active" in page(metrics)
    assert 1 == sum("Later shows nothing: it raised" in record.getMessage() for record in caplog.records)
    assert {"acme_x", "vizgate_requests_active"} <= {family.name for family in families_of(metrics.registry)}
