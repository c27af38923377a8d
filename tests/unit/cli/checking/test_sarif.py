"""SARIF: what code scanners read, judged by models made from the schema of the standard."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic_sarif.model import StaticAnalysisResultsFormatSarifVersion210JsonSchema as SarifLog

from vizgate.config.audit.catalogue import BY_ID

TEXT = """\
services: {s: {targets: ['http://127.0.0.1:1'], timeouts: {idle: 0}}}
routes:
  - {name: ä b, match: {path: /a}, service: s}
  - {match: {path: /b}, service: s}
  - {match: {path: /c}, service: s, body_limit: 0}
audit:
  ignore:
    - {rule: write-without-auth, path: /b, reason: why}
"""


@pytest.fixture
def results(run, write):
    """Runs an audit of a text with SARIF as its form; gives the exit code and the one run of the log."""

    def scan(text: str, *more: str) -> tuple[int, dict[str, Any]]:
        code, out, err = run("check", write(text), "--format", "sarif", *more)
        assert not err
        SarifLog.model_validate_json(out)
        (found,) = json.loads(out)["runs"]
        rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
        # 3.27.6: ruleIndex must be that of the rule that ruleId names.
        assert all(rules[one["ruleIndex"]] == one["ruleId"] for one in found["results"])
        assert len(rules) == len(set(rules))
        return code, found

    return scan


def rules_of(found: dict[str, Any]) -> list[str]:
    return [one["ruleId"] for one in found["results"]]


def test_findings_have_rule_level_place_and_text(results, tmp_path: Path):
    """A scanner shows a finding in its line, with what to do."""
    code, found = results(TEXT, "--audit")
    assert 1 == code
    one = next(one for one in found["results"] if one["ruleId"] == "body-unlimited")
    assert "warning" == one["level"]
    assert one["message"]["text"].startswith("routes[2].body_limit: anybody may send a body of any length.")
    (location,) = one["locations"]
    assert {"startLine": 5, "startColumn": 49} == location["physicalLocation"]["region"]
    assert (tmp_path / "vizgate.yaml").as_uri() == location["physicalLocation"]["artifactLocation"]["uri"]
    assert [{"fullyQualifiedName": "routes[2].body_limit"}] == location["logicalLocations"]
    assert "note" == next(one for one in found["results"] if one["ruleId"] == "idle-timeout-off")["level"]


def test_every_rule_is_described(results):
    """Also rules that found nothing: whoever reads the log sees what was looked for."""
    _, found = results("version: 1", "--audit")
    rules = {rule["id"]: rule for rule in found["tool"]["driver"]["rules"]}
    assert BY_ID.keys() < rules.keys()
    for rule in BY_ID.values():
        assert rule.severity.value == rules[rule.id]["defaultConfiguration"]["level"]
        assert rule.help == rules[rule.id]["help"]["markdown"]


def test_ignored_findings_are_suppressed(results):
    """What is let pass is told, with the reason: in the file, or by whoever ran the check."""
    _, found = results(TEXT, "--audit", "--ignore", "body-unlimited")
    marks = {one["message"]["text"].partition(":")[0]: one.get("suppressions") for one in found["results"]}
    assert [{"kind": "inSource", "justification": "why"}] == marks["routes[1]"]
    assert [{"kind": "external"}] == marks["routes[2].body_limit"]
    assert marks["routes[0]"] is None


def test_fingerprints_stay_when_lines_move(results):
    """A finding is the same one after a route was added above it, and two findings are never one."""
    _, before = results(TEXT, "--audit")
    moved = TEXT.replace("routes:\n", "\n\nroutes:\n  - {name: new, match: {path: /n, methods: [GET]}, service: s}\n")
    _, after = results(moved, "--audit")
    prints = [
        [one["partialFingerprints"]["vizgateFinding/v1"] for one in found["results"]] for found in (before, after)
    ]
    assert sorted(prints[0]) == sorted(prints[1])
    assert len(prints[0]) == len(set(prints[0]))


def test_a_broken_configuration_is_shown_in_place(results):
    """Every problem is a result, so that CI shows them where they are; what is wrong is no finding of a rule."""
    code, found = results("services: {s: {targets: [x]}}\nroutes:\n  - {match: {path: a}, service: t}\n", "--audit")
    assert 1 == code
    assert {"configuration"} == set(rules_of(found))
    lines = [one["locations"][0]["physicalLocation"]["region"]["startLine"] for one in found["results"]]
    assert [1, 3] == sorted(set(lines))
    assert all(one["level"] == "error" for one in found["results"])


def test_failed_tests_and_coverage_are_results(results):
    """They stand where the test is; coverage is about the whole file."""
    text = TEXT + "tests:\n  - {name: first, request: {url: 'http://a/a'}, expect: {status: 404}}\n"
    code, found = results(text, "--min-coverage", "90")
    assert 1 == code
    assert ["test-failed", "coverage"] == rules_of(found)
    test, coverage = found["results"]
    assert "tests[0].expect.status: first: expected 404, got forwarded" == test["message"]["text"]
    assert 10 == test["locations"][0]["physicalLocation"]["region"]["startLine"]
    assert "region" not in coverage["locations"][0]["physicalLocation"]


def test_what_comes_from_the_environment_has_no_line(results, monkeypatch):
    """It is told of the file as a whole."""
    monkeypatch.setenv("VIZGATE_SERVER__HTTP", "http9")
    code, found = results("version: 1")
    assert 1 == code
    assert "region" not in found["results"][0]["locations"][0]["physicalLocation"]


def test_relative_files_stay_relative(run, write, monkeypatch, tmp_path: Path):
    """Scanners look for the file in the repository."""
    write(TEXT, "a b.yaml")
    monkeypatch.chdir(tmp_path)
    _, out, _ = run("check", "./a b.yaml", "--audit", "--format", "sarif")
    result = json.loads(out)["runs"][0]["results"][0]
    assert "a%20b.yaml" == result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]


def test_rules_of_the_catalogue_fit_the_schema():
    """The judge is one: a level that the standard does not have is refused."""
    driver = {"name": "x", "rules": [{"id": "a", "defaultConfiguration": {"level": "bad"}}]}
    with pytest.raises(ValueError, match="level"):
        SarifLog.model_validate({"version": "2.1.0", "runs": [{"tool": {"driver": driver}}]})
