"""From samples to the numbers people compare: medians over rounds, ratios to the baseline, goals.

In: arithmetic. Not in: showing it (``report``, ``plot``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median

from sidebyside.contenders import BASELINE
from sidebyside.report.results import Results, Sample
from sidebyside.scenario import PRIMARY, Scenario

SUBJECT = "vizgate"
#: Contenders written in C, which the subject is not expected to beat.
NATIVE_C = frozenset({"nginx", "haproxy"})


@dataclass(frozen=True, slots=True)
class Row:
    """One contender under one scenario: medians over its rounds; ratios are medians of each round's own ratio.

    Ratios are None where the baseline was not measured or nothing was answered. ``peak_rss`` is in bytes, ``failures``
    the sum over rounds.
    """

    contender: str
    requests_per_s: float
    cpu_us: float
    p50_ms: float
    p99_ms: float
    pss: int
    peak_rss: int
    failures: int
    cpu_ratio: float | None
    speed_ratio: float | None


@dataclass(frozen=True, slots=True)
class Goal:
    """A figure the project aims at, and what this run says of it; ``met`` is None when the run does not tell."""

    text: str
    measured: str
    met: bool | None


def scenarios_of(results: Results) -> list[Scenario]:
    """The scenarios that were measured, in order."""
    return list(dict.fromkeys(sample.scenario for sample in results.samples))


def rows_of(results: Results, scenario: Scenario) -> list[Row]:
    """A row for every contender that was measured under *scenario*, in the run's order."""
    samples = [sample for sample in results.samples if sample.scenario == scenario]
    baseline = {sample.round: sample for sample in samples if sample.contender == BASELINE}
    names = [one.name for one in results.participants]
    groups = [[sample for sample in samples if sample.contender == name] for name in names]
    return [_row(group, baseline) for group in groups if group]


def row_of(results: Results, scenario: Scenario, contender: str) -> Row | None:
    """The row of *contender* under *scenario*, None when it was not measured."""
    return next((row for row in rows_of(results, scenario) if row.contender == contender), None)


def median_starts(results: Results) -> dict[str, tuple[float, float]]:
    """Contender -> median seconds to listening, median CPU seconds."""
    return _median_times((one.contender, one.wall_s, one.cpu_s) for one in results.starts)


def median_version_command(results: Results) -> dict[str, tuple[float, float]]:
    """Command -> median seconds, median CPU seconds."""
    return _median_times((one.contender, one.wall_s, one.cpu_s) for one in results.version_command)


def goals_of(results: Results) -> list[Goal]:
    """Every goal with what this run says of it."""
    return [
        _goal_cpu(results),
        _goal_fastest(results),
        _goal_large_bodies(results),
        _goal_idle(results),
        _goal_time("Start to listening in less than 1 s", median_starts(results).get(SUBJECT), 1.0),
        _goal_time(
            "`vizgate version` in less than 200 ms", median_version_command(results).get("vizgate version"), 0.2
        ),
    ]


def _row(group: list[Sample], baseline: dict[int, Sample]) -> Row:
    paired = [(sample, baseline[sample.round]) for sample in group if sample.round in baseline]
    return Row(
        contender=group[0].contender,
        requests_per_s=_median_of(group, lambda sample: sample.requests_per_s),
        cpu_us=_median_of(group, lambda sample: sample.cpu_us_per_request),
        p50_ms=_median_of(group, lambda sample: sample.wrk.p50_us / 1000),
        p99_ms=_median_of(group, lambda sample: sample.wrk.p99_us / 1000),
        pss=round(_median_of(group, lambda sample: sample.memory.pss)),
        peak_rss=max(sample.memory.peak_rss for sample in group),
        failures=sum(sample.failures for sample in group),
        cpu_ratio=_median_ratio((one.cpu_us_per_request, other.cpu_us_per_request) for one, other in paired),
        speed_ratio=_median_ratio((one.requests_per_s, other.requests_per_s) for one, other in paired),
    )


def _median_of(group: list[Sample], value: Callable[[Sample], float]) -> float:
    return median(value(sample) for sample in group)


def _median_ratio(pairs: Iterable[tuple[float, float]]) -> float | None:
    ratios = [value / reference for value, reference in pairs if 0 < reference < float("inf")]
    found = median(ratios) if ratios else None
    return None if found == float("inf") else found


def _median_times(times: Iterable[tuple[str, float, float]]) -> dict[str, tuple[float, float]]:
    groups: dict[str, list[tuple[float, float]]] = {}
    for name, wall_s, cpu_s in times:
        groups.setdefault(name, []).append((wall_s, cpu_s))
    return {name: (median(w for w, _ in group), median(c for _, c in group)) for name, group in groups.items()}


def _goal_cpu(results: Results) -> Goal:
    text = "100 B, 64 connections: at most 2.2 times nginx's CPU per request"
    row = row_of(results, PRIMARY, SUBJECT)
    if row is None or row.cpu_ratio is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{row.cpu_ratio:.2f} times", row.cpu_ratio <= 2.2)


def _goal_fastest(results: Results) -> Goal:
    text = "The same: less CPU per request than every contender but nginx and HAProxy"
    subject = row_of(results, PRIMARY, SUBJECT)
    others = [row for row in rows_of(results, PRIMARY) if not row.contender.startswith(SUBJECT)]
    rivals = [row for row in others if row.contender not in NATIVE_C]
    if subject is None or not rivals:
        return Goal(text, "not measured", None)
    best = min(rivals, key=lambda row: row.cpu_us)
    measured = f"{subject.cpu_us:.0f} us; the next is {best.contender} with {best.cpu_us:.0f} us"
    return Goal(text, measured, subject.cpu_us < best.cpu_us)


def _goal_large_bodies(results: Results) -> Goal:
    text = "1 MiB, 64 connections: at least half of nginx's throughput"
    row = row_of(results, Scenario("1m", headers="none", connections=64), SUBJECT)
    if row is None or row.speed_ratio is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{row.speed_ratio:.2f} times", row.speed_ratio >= 0.5)


def _goal_idle(results: Results) -> Goal:
    text = "10,000 idle keep-alive connections: at most 12 KiB each"
    found = next((one for one in results.idle if one.contender == SUBJECT), None)
    if found is None or found.alive < found.wanted:
        return Goal(text, "not measured" if found is None else f"only {found.alive:,} connections", None)
    measured = f"{found.bytes_per_connection / 1024:.1f} KiB with {found.alive:,}"
    return Goal(text, measured, found.bytes_per_connection <= 12 * 1024)


def _goal_time(text: str, found: tuple[float, float] | None, limit_s: float) -> Goal:
    if found is None:
        return Goal(text, "not measured", None)
    return Goal(text, f"{found[0] * 1000:.0f} ms", found[0] < limit_s)
