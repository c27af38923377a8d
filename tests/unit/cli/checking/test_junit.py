"""JUnit: what CI servers read of tests."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from vizgate.cli.checking.junit import junit_text
from vizgate.cli.checking.report import CheckReport, TestOutcome
from vizgate.config.problems import Place, Problem

TEXT = """\
services: {s: {targets: ['http://127.0.0.1:1']}}
routes: [{name: r, match: {path: /a}, service: s}, {name: q, match: {path: /b}, service: s}]
tests:
  - {name: the first <&>, request: {url: 'http://a/a'}, expect: {status: forwarded}}
  - {request: {method: POST, url: 'http://a/a'}, expect: {status: 404, service: t}}
  - {request: {method: POST, url: 'http://a/a'}, expect: {status: forwarded}}
"""


@pytest.fixture
def suite(run, write, tmp_path):
    """Runs the tests of a text; gives the exit code and the one suite of the document."""

    def check(text: str, *more: str) -> tuple[int, ET.Element]:
        code, _, _ = run("check", write(text), "--junit", tmp_path / "junit.xml", *more)
        root = ET.parse(tmp_path / "junit.xml").getroot()  # noqa: S314  # written by ourselves
        assert "testsuites" == root.tag
        (found,) = root
        follow_the_schema(found)
        return code, found

    return check


def follow_the_schema(found: ET.Element) -> None:
    """The rules of Jenkins' schema that matter: attributes, numbers that add up, seconds, one outcome for each case."""
    assert {"name", "tests", "failures", "errors", "skipped", "time"} == set(found.attrib)
    cases = list(found)
    assert {"testcase"} == {case.tag for case in cases}
    assert len(cases) == int(found.get("tests", ""))
    assert sum(len(case) for case in cases) == int(found.get("failures", ""))
    for case in cases:
        assert {"name", "classname", "time"} == set(case.attrib)
        assert re.fullmatch(r"\d+\.\d{3}", case.get("time", ""))
        assert len(case) <= 1
        assert all(child.tag == "failure" and {"message", "type"} == set(child.attrib) for child in case)
    assert len(cases) == len({case.get("name") for case in cases})


def test_each_test_is_a_case_with_its_failure(suite, tmp_path):
    """A failure says what was expected, what came, and where the test stands."""
    text = TEXT.replace("service: t", "service: s")
    code, found = suite(text)
    assert 1 == code
    names = ["configuration", "the first <&>", "POST http://a/a", "POST http://a/a (2)"]
    assert names == [case.get("name") for case in found]
    failure = found[2][0]
    place = f"{tmp_path / 'vizgate.yaml'}:5:67"
    assert f"{place} tests[1].expect.status: expected 404, got forwarded" == failure.get("message") == failure.text


def test_a_broken_configuration_is_a_failed_case(suite):
    """A job that reads only this file learns of it."""
    code, found = suite(TEXT)
    assert 1 == code
    (case,) = found
    assert "no service named 't'" in case[0].get("message", "")


@pytest.mark.parametrize(("least", "failures"), [("50", 1), ("51", 2)])
def test_coverage_is_a_case_when_it_was_asked_for(suite, least, failures):
    """It fails when tests reach too few routes."""
    _, found = suite(TEXT.replace(", service: t", ""), "--min-coverage", least)
    assert "coverage of routes" == found[-1].get("name")
    assert failures == int(found.get("failures", ""))


def test_what_xml_cannot_hold_is_replaced():
    """A name may hold anything."""
    at = Place("a.yaml", 1, 1)
    outcome = TestOutcome('a\x00"b\ud800', at, (Problem(at, (), "]]> \x1b"),), "r", 0.5)
    case = ET.fromstring(junit_text(CheckReport("f", tests=[outcome])))[0][1]  # noqa: S314  # written by ourselves
    assert ('a?"b?', "0.500") == (case.get("name"), case.get("time"))
    assert "a.yaml:1:1 (document): ]]> ?" == case[0].text
