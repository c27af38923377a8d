"""A check for code scanners.

In: ``sarif_text``. Not in: what was found. Source: Static Analysis Results Interchange Format 2.1.0 (OASIS, errata 01).
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path as FilePath
from typing import Any
from urllib.parse import quote

from vizgate._version import __version__
from vizgate.cli.checking.report import CheckReport, PlacedFinding
from vizgate.config.audit.catalogue import RULES
from vizgate.config.audit.finding import Ignored
from vizgate.config.audit.rule import Rule
from vizgate.config.problems import Path, Place, Problem, format_path

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_FINGERPRINT = "vizgateFinding/v1"

# What is no finding of the audit has rules, too, so that a scanner shows it in its place.
_CONFIGURATION, _TEST, _COVERAGE = "configuration", "test-failed", "coverage"
_OWN_RULES: tuple[dict[str, Any], ...] = tuple(
    {
        "id": name,
        "shortDescription": {"text": title},
        "help": {"text": text},
        "defaultConfiguration": {"level": "error"},
    }
    for name, title, text in (
        (_CONFIGURATION, "The configuration cannot be used", "A gateway refuses to start with it."),
        (_TEST, "A test of the configuration has failed", "What stands under expect is not what came of the request."),
        (_COVERAGE, "Tests reach too few routes", "Write a test for each route that none reaches."),
    )
)


@dataclass(frozen=True, slots=True)
class _Result:
    """``identity``: what stays the same as long as it is the same finding."""

    rule: str
    level: str
    message: str
    place: Place
    path: Path
    identity: str
    ignored: Ignored | None = None


def sarif_text(report: CheckReport) -> str:
    """*report* as a SARIF log with one run."""
    rules = [*_OWN_RULES, *map(_rule, RULES)]
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    driver = {"name": "vizgate", "version": __version__, "rules": rules}
    seen: Counter[str] = Counter()
    run = {
        "tool": {"driver": driver},
        # Places count characters, not UTF-16 units.
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True}],
        "results": [_result(one, report.file, index, seen) for one in _results(report)],
    }
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "shortDescription": {"text": f"{rule.title}."},
        "help": {"text": rule.help.replace("`", ""), "markdown": rule.help},
        "defaultConfiguration": {"level": rule.severity.value},
        "properties": {"tags": ["security"]},
    }


def _results(report: CheckReport) -> Iterator[_Result]:
    for problem in report.problems:
        yield _of_problem(_CONFIGURATION, problem, "")
    for test in report.failed:
        for problem in test.problems:
            yield _of_problem(_TEST, problem, f"{test.name}: ")
    if not report.problems and not report.is_covered:
        message = f"{report.coverage}, which is too few. Write a test for each"
        yield _Result(_COVERAGE, "error", message, Place(report.file), (), "")
    for one in report.findings or ():
        yield _of_finding(one)


def _of_problem(rule: str, problem: Problem, prefix: str) -> _Result:
    message = f"{prefix}{problem.message}"
    return _Result(rule, "error", message, problem.place, problem.path, f"{format_path(problem.path)}\n{message}")


def _of_finding(one: PlacedFinding) -> _Result:
    finding = one.finding
    level, identity = finding.severity.value, format_path(one.identity)
    return _Result(finding.rule, level, finding.message, one.place, finding.path, identity, finding.ignored)


def _result(one: _Result, file: str, index: dict[str, int], seen: Counter[str]) -> dict[str, Any]:
    digest = sha256(f"{one.rule}\n{one.identity}".encode()).hexdigest()
    seen[digest] += 1
    result = {
        "ruleId": one.rule,
        "ruleIndex": index[one.rule],
        "level": one.level,
        "message": {"text": f"{format_path(one.path)}: {one.message}" if one.path else one.message},
        "locations": [_location(one, file)],
        "partialFingerprints": {_FINGERPRINT: f"{digest}:{seen[digest]}"},
    }
    if one.ignored is not None:
        result["suppressions"] = [_suppression(one.ignored)]
    return result


def _location(one: _Result, file: str) -> dict[str, Any]:
    """What came from the environment stands in no line of the file."""
    has_line = one.place.line > 0
    physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(one.place.source if has_line else file)}}
    if has_line:
        physical["region"] = {"startLine": one.place.line, "startColumn": max(one.place.column, 1)}
    return {"physicalLocation": physical, "logicalLocations": [{"fullyQualifiedName": format_path(one.path)}]}


def _uri(file: str) -> str:
    return (
        FilePath(file).as_uri() if FilePath(file).is_absolute() else quote(FilePath(os.path.normpath(file)).as_posix())
    )


def _suppression(ignored: Ignored) -> dict[str, Any]:
    # 3.35.3: without a status it counts as accepted, which older readers, that call it state, do the same.
    kind = "inSource" if ignored.by == "configuration" else "external"
    reason = {"justification": ignored.reason} if ignored.reason else {}
    return {"kind": kind, **reason}
