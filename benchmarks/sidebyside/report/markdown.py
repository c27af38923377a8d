"""The results as a Markdown page and as lines for the terminal.

In: tables. Not in: the numbers in them (``summary``) and the plot (``plot``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sidebyside.report.results import Results
from sidebyside.report.summary import (
    Row,
    goals_of,
    median_starts,
    median_version_command,
    row_of,
    rows_of,
    scenarios_of,
)
from sidebyside.scenario import HEADER_SETS, SIZES, Scenario

_INTRODUCTION = """\
# Benchmarks

vizgate beside other reverse proxies, all on one machine, all over loopback, each with one process or thread, access
log off unless its name says otherwise, and keep-alive on both sides. This page is written by `benchmarks/compare.py`;
no number in it was entered by hand.

**How to read it.** The load generator, the upstream and the contender share the cores of one small machine, so
requests per second say as much about the other two as about the contender. *CPU per request* is the primary figure:
user and system time of the contender's whole process tree, from `/proc`, divided by responses. Contenders take turns
within a round and each ratio is taken within its round, then the median over rounds is shown, so a slow minute of the
machine weighs on all alike. Latencies are measured at full load by a closed loop (wrk): they compare contenders and
promise nothing about a machine that is not saturated. Responses that a run's end cut short count by the share of the
body that had arrived; requests that had no answer yet have cost CPU and count as nothing, so a contender that answers
fewer requests in a run than there are connections looks worse than it is. *Headers that vary* means that Cookie and
Referer of the request and a field of the response differ each time, as they do between users: wrk otherwise repeats one
head for ever, which flatters whoever remembers heads."""

_CHARTS = "![CPU per request, and throughput with large bodies](benchmarks.svg)"
_PEAK_NOTE = (
    "Memory is the proportional set size (PSS) after a run and the highest resident set (RSS) of the process tree "
    "until then."
)
_IDLE_NOTE = (
    "Each connection had one request answered before it fell idle. Memory is PSS of the process tree; the "
    "kernel's socket buffers are charged to no process and not counted."
)


def page(results: Results) -> str:
    """The whole page."""
    parts = [_INTRODUCTION, *_conditions(results), *_goals(results), *_overview(results)]
    parts += [*_details(results), *_idle(results), *_times(results), *_failures(results)]
    return "\n\n".join(parts) + "\n"


def ratio_lines(results: Results) -> str:
    """The primary figures for the terminal."""
    lines = []
    for scenario in scenarios_of(results):
        lines += ["", scenario.title]
        lines += [
            f"  {row.contender:18} {row.requests_per_s:9.0f} req/s ({_ratio(row.speed_ratio)} nginx)"
            f"  {row.cpu_us:8.1f} us CPU ({_ratio(row.cpu_ratio)} nginx)"
            f"  p50 {row.p50_ms:.2f} ms  p99 {row.p99_ms:.2f} ms"
            for row in rows_of(results, scenario)
        ]
    return "\n".join(lines)


def _numbers_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """The first column to the left, the others to the right."""
    return _table(head, ["---"] + ["---:"] * (len(head) - 1), rows)


def _words_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """All columns to the left."""
    return _table(head, ["---"] * len(head), rows)


def _table(head: Sequence[str], ruler: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in (head, ruler, *rows))


def _conditions(results: Results) -> list[str]:
    facts = [["Date", results.date], *([name, value] for name, value in results.machine.items())]
    ran = [[one.name, one.version, one.about] for one in results.participants if not one.skipped]
    skipped = [f"- {one.name}: {one.skipped}" for one in results.participants if one.skipped]
    parts = [
        "## Machine and contenders",
        _words_table(["", ""], facts),
        _words_table(["Contender", "Version", "Set-up"], ran),
    ]
    if skipped:
        parts += ["Not measured:", "\n".join(skipped)]
    return [*parts, f"To repeat it:\n\n    python benchmarks/setup_peers.py\n    {results.command}"]


def _goals(results: Results) -> list[str]:
    words = {True: "yes", False: "**no**", None: "-"}
    rows = [[goal.text, goal.measured, words[goal.met]] for goal in goals_of(results)]
    return ["## What we aim at", _words_table(["Goal", "This run", "Met"], rows)]


def _overview(results: Results) -> list[str]:
    scenarios = scenarios_of(results)
    if not scenarios:
        return []
    names = [one.name for one in results.participants if not one.skipped]
    head = ["", *(_column_title(scenario) for scenario in scenarios)]
    parts = ["## CPU per request, as a multiple of nginx's", _CHARTS]
    parts.append(
        _numbers_table(
            head, ([name, *(_cell(results, each, name, "cpu_ratio") for each in scenarios)] for name in names)
        )
    )
    parts.append("## Requests per second, as a multiple of nginx's")
    parts.append(
        _numbers_table(
            head, ([name, *(_cell(results, each, name, "speed_ratio") for each in scenarios)] for name in names)
        )
    )
    return parts


def _column_title(scenario: Scenario) -> str:
    return f"{SIZES[scenario.size]}<br>{HEADER_SETS[scenario.headers]}<br>{scenario.connections:,} conn."


def _cell(results: Results, scenario: Scenario, contender: str, field: str) -> str:
    row = row_of(results, scenario, contender)
    return "-" if row is None else _ratio(getattr(row, field))


def _ratio(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}x" if value < 10 else f"{value:.0f}x"


def _details(results: Results) -> list[str]:
    parts = ["## All figures", f"Medians; rounds: {_round_count(results)}. {_PEAK_NOTE}"]
    head = [
        "",
        "req/s",
        "p50 ms",
        "p99 ms",
        "CPU us/request",
        "x nginx CPU",
        "x nginx req/s",
        "PSS MiB",
        "peak RSS MiB",
        "failed",
    ]
    for scenario in scenarios_of(results):
        parts.append(f"### {scenario.title}")
        parts.append(_numbers_table(head, [_detail(row) for row in rows_of(results, scenario)]))
    return parts


def _round_count(results: Results) -> int:
    return max((sample.round for sample in results.samples), default=0)


def _detail(row: Row) -> list[str]:
    if not row.requests_per_s:
        return [row.contender, "0", *"-----", _mib(row.pss), _mib(row.peak_rss), f"{row.failures:,}"]
    figures = [f"{row.requests_per_s:,.0f}", f"{row.p50_ms:,.2f}", f"{row.p99_ms:,.2f}", f"{row.cpu_us:,.1f}"]
    figures += [_ratio(row.cpu_ratio), _ratio(row.speed_ratio), _mib(row.pss), _mib(row.peak_rss), f"{row.failures:,}"]
    return [row.contender, *figures]


def _mib(size: int) -> str:
    return f"{size / 2**20:,.1f}"


def _idle(results: Results) -> list[str]:
    if not results.idle:
        return []
    rows = [
        [one.contender, f"{one.alive:,}", _mib(one.pss_before), _mib(one.pss_after), _kib(one.bytes_per_connection)]
        for one in results.idle
    ]
    head = ["", "connections", "PSS before, MiB", "PSS with them, MiB", "KiB per connection"]
    wanted = max(one.wanted for one in results.idle)
    return [f"## {wanted:,} idle keep-alive connections", _IDLE_NOTE, _numbers_table(head, rows)]


def _kib(size: float) -> str:
    return "-" if size == float("inf") else f"{size / 1024:,.1f}"


def _times(results: Results) -> list[str]:
    parts = []
    for title, times in (
        ("## From start to listening", median_starts(results)),
        ("## Commands", median_version_command(results)),
    ):
        if times:
            rows = [[name, f"{wall_s * 1000:,.0f}", f"{cpu_s * 1000:,.0f}"] for name, (wall_s, cpu_s) in times.items()]
            parts += [title, _numbers_table(["", "ms", "CPU ms"], rows)]
    return parts


def _failures(results: Results) -> list[str]:
    if not results.failures:
        return []
    return ["## What broke off", "\n".join(f"- {' '.join(text.split())}" for text in results.failures)]
