"""The numbers of several workers as one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.parser import text_string_to_metric_families

from vizgate.observe.metrics.fleet.families import Family, Sample, from_json, to_json
from vizgate.observe.metrics.fleet.ledger import Ledger
from vizgate.observe.metrics.fleet.merge import cumulative, merged, with_label
from vizgate.observe.metrics.fleet.registry import expose_families, families_of


def counter(value: float, route: str = "a") -> Family:
    return Family("requests", "Requests.", "counter", "", (Sample("requests_total", (("route", route),), value),))


def gauge(name: str, value: float) -> Family:
    return Family(name, "", "gauge", "", (Sample(name, (), value),))


def total(families: tuple[Family, ...], name: str = "requests_total") -> float:
    return sum(sample.value for family in families for sample in family.samples if sample.name == name)


def test_counters_are_added_up_and_other_series_kept_apart():
    """The same labels are one series; others are their own."""
    (family,) = merged([[counter(1)], [counter(2)], [counter(4, "b")]])
    assert (Sample("requests_total", (("route", "a"),), 3.0), Sample("requests_total", (("route", "b"),), 4.0)) == (
        family.samples
    )


def test_gauges_are_added_up_but_for_times_and_states():
    """Connections add up; of what is either so or not, and of times, the highest is shown."""
    families = merged([[gauge("active", 2), gauge("fit", 1), gauge("lag_seconds", 3), gauge("target_fit", 1)]] * 2)
    assert [4.0, 2.0, 3.0, 1.0] == [family.samples[0].value for family in families]


def test_process_figures_are_told_apart():
    """What is one process's alone has its name."""
    families = merged([with_label([gauge("process_open_fds", number)], str(number)) for number in (1, 2)])
    assert {(("worker", "1"),): 1.0, (("worker", "2"),): 2.0} == {
        sample.labels: sample.value for sample in families[0].samples
    }


def test_family_of_another_kind_is_left_out():
    """Half-way through a reload two workers may disagree what a name is; the first one counts."""
    assert (counter(1),) == merged([[counter(1)], [gauge("requests", 5)]])


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 100), st.sampled_from(["count", "die", "scrape", "silent"])),
        max_size=40,
    )
)
def test_total_never_goes_back_and_loses_only_what_nobody_saw(steps: list[tuple[int, int, str]]):
    """Whatever workers do, count, die or do not answer, the sum that is shown only grows."""
    ledger = Ledger()
    counts: dict[int, int] = {}
    shown = 0.0
    for worker, more, what in steps:
        if what == "count":
            counts[worker] = counts.get(worker, 0) + more
        elif what == "die":
            counts.pop(worker, None)
            ledger.depart(worker)
        else:
            present = [number for number in counts if what == "scrape" or number != worker]
            for number in present:
                ledger.note(number, [counter(counts[number])], str(number))
            now = total(merged(ledger.pages(present)))
            assert now >= shown
            shown = now


def test_worker_that_has_died_counts_but_does_not_measure():
    """Requests that it has served stay; connections that it had are gone."""
    ledger = Ledger()
    ledger.note("a", [counter(3), gauge("active", 5), gauge("process_open_fds", 1)], "1")
    ledger.note("b", [counter(4), gauge("active", 6)], "2")
    ledger.depart("a")
    families = merged(ledger.pages(["b"]))
    assert (7.0, 6.0) == (total(families), total(families, "active"))
    assert ["requests"] == [family.name for family in merged(ledger.pages([]))]


def test_histograms_of_other_bounds_can_be_forgotten():
    """Buckets that are others than today's cannot be added to them."""
    ledger = Ledger()
    ledger.note(
        "a", [Family("took", "", "histogram", "", (Sample("took_bucket", (("le", "1"),), 3),)), counter(3)], "1"
    )
    ledger.depart("a")
    ledger.forget_histograms()
    assert ["requests"] == [family.name for family in merged(ledger.pages([]))]


def test_registry_goes_to_another_process_and_comes_back():
    """What one process has counted, a plugin's collectors included, another one shows; sums are those of Prometheus."""
    registries = [CollectorRegistry(), CollectorRegistry()]
    for registry in registries:
        Counter("c", "C.", ["x"], registry=registry).labels('"\n').inc(2)
        Gauge("g", "G.", registry=registry).set(float("inf"))
        Histogram("h", "H.", buckets=(1, 2), registry=registry).observe(1.5)
    sent = [from_json(to_json(families_of(registry))) for registry in registries]
    content_type, text = expose_families(merged(sent), "")
    assert content_type.startswith("text/plain")
    found = {
        (sample.name, sample.labels.get("le") or sample.labels.get("x") or ""): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }
    assert 4.0 == found["c_total", '"\n']
    assert (0.0, 2.0, 2.0, 3.0) == (
        found["h_bucket", "1.0"],
        found["h_bucket", "2.0"],
        found["h_count", ""],
        found["h_sum", ""],
    )
    assert float("inf") == found["g", ""]
    assert {"c", "h"} == {family.name for family in cumulative(sent[0])}
