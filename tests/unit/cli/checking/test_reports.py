"""``vizgate check``: which tests run, which routes they reach, what fails, and where it is written."""

from __future__ import annotations

import json

import pytest

from vizgate.cli.checking.coverage import Coverage

TEXT = """\
services: {s: {targets: ['http://127.0.0.1:1']}}
routes:
  - {name: a, match: {path: /a, methods: [GET]}, service: s}
  - {name: b, match: {path: /b, methods: [GET]}, service: s}
  - {name: c, match: {path: /c, methods: [POST]}, service: s}
audit: {ignore: [{rule: write-without-auth, path: c, reason: "  meant  "}]}
tests:
  - {name: Reads a, request: {url: 'http://h/a'}, expect: {status: forwarded}}
  - {request: {url: 'http://h/b'}, expect: {status: forwarded}}
  - {name: no POST, request: {method: POST, url: 'http://h/b'}, expect: {status: 405}}
"""


def test_coverage_names_the_routes_that_no_test_reaches(run, write):
    """A test reaches the route that takes its request; one that is refused before has none."""
    file = write(TEXT)
    code, out, err = run("check", file, "--coverage")
    assert (0, "") == (code, err)
    assert out.splitlines()[1] == f"{file}: tests reach 2 of 3 routes (66.6%); none reaches c"


@pytest.mark.parametrize(("least", "code"), [("66", 0), ("66.6", 0), ("67", 1), ("100%", 1), ("0", 0)])
def test_coverage_below_the_least_fails(run, write, least, code):
    """As with tools that measure code."""
    file = write(TEXT)
    found, out, err = run("check", file, "--min-coverage", least)
    assert code == found
    if code:
        share = least.removesuffix("%")
        assert err == (
            f"{file}: tests reach 2 of 3 routes (66.6%); none reaches c, which is less than {share}%."
            " Write a test for each\n"
        )
    else:
        assert "tests reach 2 of 3 routes" in out


@pytest.mark.parametrize(
    ("routes", "taken", "share", "text"),
    [
        ([], [], 1.0, "tests reach 0 of 0 routes (100%)"),
        (["a"], ["a", "a", ""], 1.0, "tests reach 1 of 1 routes (100%)"),
        ([f"r{n}" for n in range(1000)], [f"r{n}" for n in range(999)], 0.999,
         "tests reach 999 of 1000 routes (99.9%); none reaches r999"),
        ([f"r{n}" for n in range(9000)], [f"r{n}" for n in range(8999)], 8999 / 9000,
         "tests reach 8999 of 9000 routes (99.9%); none reaches r8999"),
    ],
)  # fmt: skip
def test_coverage_is_never_rounded_up(routes, taken, share, text):
    """What is not all is not called all."""
    found = Coverage.of(routes, taken)
    assert (pytest.approx(share), text) == (found.share, str(found))


@pytest.mark.parametrize(
    ("text", "passed"), [("reads", "1 test passed, 2 left out"), ("http://h/", "1 test passed, 2 left out"),
                         ("O", "1 test passed, 2 left out"), ("", "3 tests passed")]
)  # fmt: skip
def test_filter_runs_the_tests_with_a_text_in_their_names(run, write, text, passed):
    """In either case, in names that were given and in those that come of the request."""
    code, out, _ = run("check", write(TEXT), "--filter", text)
    assert 0 == code
    assert f"; {passed})" in out


def test_filter_that_nothing_fits_fails(run, write):
    """A job that runs no test by a slip of the pen must not pass."""
    code, _, err = run("check", write(TEXT), "--filter", "nothing")
    assert 1 == code
    assert "no test has 'nothing' in its name. Leave --filter out to see all" in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--filter", "a", "--min-coverage", "9"), "--filter leaves tests out"),
        (("--min-coverage", "101"), "'101' is not a percentage. Write a number from 0 to 100"),
        (("--min-coverage", "nan"), "'nan' is not a percentage"),
        (
            ("--ignore", "write-without-auht"),
            "no rule is called 'write-without-auht'. Did you mean 'write-without-auth'?",
        ),
        (("--fail-on", "note"), "--fail-on has no effect without --audit. Write that, too"),
        (("--format", "xml"), "invalid choice: 'xml'"),
    ],
)
def test_wrong_usage_is_told(run, write, arguments, message):
    """Exit code 2, with what to write instead."""
    code, out, err = run("check", write(TEXT), *arguments)
    assert (2, "") == (code, out)
    assert message in err


OPEN = "server: {listen: '0.0.0.0:1', trusted_proxies: [0.0.0.0/0]}\n" + TEXT.replace("path: c, ", "").replace(
    "GET", "PUT"
)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), 1),
        (("--fail-on", "error"), 1),
        (("--ignore", "trusts-everybody", "--fail-on", "error"), 0),
        (("--ignore", "trusts-everybody", "--ignore", "route-without-limit"), 0),
        (("--ignore", "trusts-everybody"), 1),
    ],
)
def test_audit_fails_on_what_is_grave_enough_and_not_ignored(run, write, arguments, code):
    """From warnings on unless it is said; what is ignored does not count."""
    text = OPEN.partition("tests:")[0]
    assert code == run("check", write(text), "--audit", *arguments)[0]


def test_audit_lists_what_is_grave_enough_and_counts_the_rest(run, write):
    """``--severity`` is for those who want to see less; nothing is hidden from the count."""
    file = write(OPEN.partition("tests:")[0])
    _, out, _ = run("check", file, "--audit", "--severity", "error")
    assert 1 == out.count("trusts-everybody")
    assert "route-without-limit" not in out
    assert f"{file}: audit found 1 error, 3 warnings and 0 notes (3 ignored)" in out


def test_audit_lists_in_the_order_of_the_file(run, write):
    """As problems are, so that one goes through the file once."""
    _, out, _ = run("check", write(OPEN.partition("tests:")[0]), "--audit")
    lines = [int(line.split(".yaml:")[1].split(":")[0]) for line in out.splitlines()[1:-1]]
    assert lines == sorted(lines)
    assert len(set(lines)) > 2


def test_audit_runs_although_tests_fail(run, write):
    """Everything is told at once."""
    file = write(TEXT.replace("status: 405", "status: 404"))
    code, out, err = run("check", file, "--audit")
    assert 1 == code
    assert f"{file}: 1 of 3 tests failed" in err
    assert f"{file}: audit found 0 warnings and 0 notes (1 ignored)\n" == out


def test_json_says_what_text_says(run, write):
    """For programs: problems, tests, coverage and findings with their places."""
    file = write(TEXT.replace("status: 405", "status: 404"))
    code, out, err = run("check", file, "--audit", "--format", "json")
    assert (1, "") == (code, err)
    document = json.loads(out)
    assert (str(file), False, []) == (document["file"], document["good"], document["problems"])
    assert [True, True, False] == [test["passed"] for test in document["tests"]]
    assert ["Reads a", "GET http://h/b", "no POST"] == [test["name"] for test in document["tests"]]
    assert ["a", "b", None] == [test["route"] for test in document["tests"]]
    (problem,) = document["tests"][2]["problems"]
    assert ("tests[2].expect.status", 10) == (problem["path"], problem["line"])
    assert {"routes": 3, "missed": ["c"], "percent": 66.67} == document["coverage"]
    (finding,) = document["findings"]
    assert {"by": "configuration", "reason": "  meant  "} == finding["ignored"]
    assert ("write-without-auth", "warning", 5) == (finding["rule"], finding["severity"], finding["line"])


def test_json_of_a_broken_configuration(run, write):
    """What cannot be used has problems, and nothing else is known."""
    code, out, err = run("check", write("routes: [{}]"), "--format", "json")
    document = json.loads(out)
    assert (1, "", None, []) == (code, err, document["findings"], document["tests"])
    assert ["routes[0].match", "routes[0]"] == [one["path"] for one in document["problems"]] or document["problems"]


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_output_goes_to_a_file_and_people_are_told_as_well(run, write, tmp_path, form):
    """A job keeps the file and shows the rest."""
    file = write(TEXT)
    plain = run("check", file, "--audit")
    told = run("check", file, "--audit", "--format", form, "--output", tmp_path / "out")
    assert plain == told
    text = (tmp_path / "out").read_text("utf-8")
    assert (plain[1] == text) if form == "text" else json.loads(text)


def test_output_that_cannot_be_written_is_told(run, write, tmp_path):
    """With the name of the file; the check has failed then."""
    for option in ("--output", "--junit"):
        code, _, err = run("check", write(TEXT), option, tmp_path / "no" / "out")
        assert 1 == code
        assert f"cannot write {tmp_path / 'no' / 'out'}: No such file or directory. Check its folder" in err
