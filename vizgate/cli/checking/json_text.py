"""A check for programs.

In: ``json_text``. Not in: the format of code scanners (``cli.checking.sarif``).
"""

from __future__ import annotations

import json
from typing import Any

from vizgate.cli.checking.report import CheckReport, PlacedFinding, TestOutcome
from vizgate.config.problems import Place, Problem, format_path


def json_text(report: CheckReport) -> str:
    """*report* as a JSON document."""
    document = {
        "file": report.file,
        "good": report.is_good,
        "problems": [_problem(one) for one in report.problems],
        "tests": [_test(one) for one in report.tests],
        "coverage": {
            "routes": report.coverage.routes,
            "missed": list(report.coverage.missed),
            "percent": round(report.coverage.share * 100, 2),
        },
        "findings": None if report.findings is None else [_finding(one) for one in report.findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _place(place: Place) -> dict[str, Any]:
    return {"source": place.source, "line": place.line or None, "column": place.column or None}


def _problem(problem: Problem) -> dict[str, Any]:
    return {**_place(problem.place), "path": format_path(problem.path), "message": problem.message}


def _test(test: TestOutcome) -> dict[str, Any]:
    return {
        "name": test.name,
        **_place(test.place),
        "passed": not test.problems,
        "route": test.route or None,
        "problems": [_problem(one) for one in test.problems],
    }


def _finding(one: PlacedFinding) -> dict[str, Any]:
    finding = one.finding
    ignored = None if finding.ignored is None else {"by": finding.ignored.by, "reason": finding.ignored.reason}
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        **_place(one.place),
        "path": format_path(finding.path),
        "message": finding.message,
        "ignored": ignored,
    }
