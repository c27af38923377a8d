"""The tests of a configuration for CI servers.

In: ``junit_text``: a test case for each test, one for the configuration itself, and one for the coverage if that was
asked for. Not in: running them. Source: the format that Jenkins, GitLab and others read (junit-10.xsd of xunit-plugin).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from vizgate.cli.checking.report import CheckReport

# XML 1.0 has no way to write these.
_NO_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class _Case:
    """``failure``: what is wrong, a line for each thing; nothing when it passed."""

    name: str
    elapsed_s: float = 0.0
    failure: tuple[str, ...] = ()


def junit_text(report: CheckReport) -> str:
    """*report* as a JUnit document."""
    cases = [_Case("configuration", failure=tuple(map(str, report.problems)))]
    cases += [_Case(test.name, test.elapsed_s, tuple(map(str, test.problems))) for test in report.tests]
    if report.least_coverage is not None and not report.problems:
        cases.append(_Case("coverage of routes", failure=() if report.is_covered else (str(report.coverage),)))
    numbers = _attributes(
        name=report.file,
        tests=str(len(cases)),
        failures=str(sum(bool(case.failure) for case in cases)),
        errors="0",
        skipped="0",
        time=_seconds(sum(case.elapsed_s for case in cases)),
    )
    lines = [f"  <testsuite {numbers}>", *(_written(case, report.file) for case in cases), "  </testsuite>"]
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<testsuites>", *lines, "</testsuites>"])


def _written(case: _Case, file: str) -> str:
    head = f"    <testcase {_attributes(name=case.name, classname=file, time=_seconds(case.elapsed_s))}"
    if not case.failure:
        return f"{head}/>"
    text = escape(_clean("\n".join(case.failure)))
    failure = f"<failure {_attributes(message=case.failure[0], type='failure')}>{text}</failure>"
    return f"{head}>\n      {failure}\n    </testcase>"


def _attributes(**values: str) -> str:
    return " ".join(f"{name}={quoteattr(_clean(value))}" for name, value in values.items())


def _clean(text: str) -> str:
    return _NO_XML.sub("?", text)


def _seconds(elapsed_s: float) -> str:
    return f"{elapsed_s:.3f}"
