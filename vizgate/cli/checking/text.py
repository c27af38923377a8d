"""A check for people.

In: ``complaints`` and ``summary``, the lines for standard error and for standard output. Not in: what was found.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from vizgate.cli.checking.report import CheckReport, PlacedFinding
from vizgate.cli.table import table
from vizgate.config.audit.rule import Severity
from vizgate.config.problems import format_path


def complaints(report: CheckReport) -> Iterator[str]:
    """Everything that is wrong, each with its place, but for what the audit has found."""
    yield from map(str, report.problems)
    for test in report.failed:
        yield from map(str, test.problems)
    if report.failed:
        yield f"{report.file}: {len(report.failed)} of {count(len(report.tests), 'test')} failed"
    if not report.is_covered and not report.problems:
        least = f"{(report.least_coverage or 0.0) * 100:g}%"
        yield f"{report.file}: {report.coverage}, which is less than {least}. Write a test for each"


def summary(report: CheckReport, *, shown: Severity, tells_coverage: bool) -> Iterator[str]:
    """What there is and what the audit has found. Args: shown: the least severity that is listed."""
    if report.problems:
        return
    if not report.failed and report.is_covered:
        counts = [count(report.routes, "route"), count(report.services, "service")]
        tests = f"{count(len(report.tests), 'test')} passed" if report.tests else "no tests"
        left_out = f", {report.left_out} left out" if report.left_out else ""
        yield f"{report.file}: good ({', '.join(counts)}; {tests}{left_out})"
        if tells_coverage:
            yield f"{report.file}: {report.coverage}"
    if report.findings is not None:
        yield from _audit(report.file, report.findings, shown)


def _audit(file: str, findings: Sequence[PlacedFinding], shown: Severity) -> Iterator[str]:
    counted = [one for one in findings if one.counts]
    rows = [
        (
            one.finding.severity.value,
            one.finding.rule,
            str(one.place),
            f"{format_path(one.finding.path)}: {one.finding.message}",
        )
        for one in counted
        if one.finding.severity.is_at_least(shown)
    ]
    if rows:
        yield table(rows)
    numbers = {severity: sum(one.finding.severity is severity for one in counted) for severity in Severity}
    errors = f"{count(numbers[Severity.ERROR], 'error')}, " if numbers[Severity.ERROR] else ""
    ignored = f" ({len(findings) - len(counted)} ignored)" if len(counted) < len(findings) else ""
    warnings, notes = count(numbers[Severity.WARNING], "warning"), count(numbers[Severity.NOTE], "note")
    yield f"{file}: audit found {errors}{warnings} and {notes}{ignored}"


def count(number: int, noun: str) -> str:
    """*number* and *noun*, which gets an s."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
