"""What a configuration lets pass: by rule and place, with a reason, and nothing more than that."""

from __future__ import annotations

import pytest

from vizgate.config import ConfigError, load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.finding import Ignored

ROUTES = """\
services: {s: {targets: ['http://127.0.0.1:1']}}
routes:
  - {name: a, match: {path: /a}, service: s, body_limit: 0}
  - {match: {path: /b}, service: s}
"""


def found(entries: str, *asked: str) -> list[tuple[str, tuple[str | int, ...], str | None]]:
    config = load_text(f"{ROUTES}audit: {{ignore: [{entries}]}}", environment={})
    return [
        (one.rule, one.path, None if one.ignored is None else one.ignored.reason)
        for one in audit(config, 0.0, ignore=asked)
    ]


WRITE, BODY, UNUSED = "write-without-auth", "body-unlimited", "ignore-without-use"


@pytest.mark.parametrize(
    ("where", "first", "second"),
    [
        ("", "why", "why"),
        (", path: a", "why", None),
        (", path: /b", None, "why"),
        (", path: 'routes[1]'", None, "why"),
        (", path: routes", "why", "why"),
    ],
)
def test_ignored_by_rule_and_place(where: str, first: str | None, second: str | None) -> None:
    """An entry is for a rule, everywhere or at a path or a route, and below."""
    entries = f"{{rule: {WRITE}, reason: why{where}}}"
    assert [
        (WRITE, ("routes", 0), first),
        (WRITE, ("routes", 1), second),
        (BODY, ("routes", 0, "body_limit"), None),
    ] == found(entries)


def test_ignored_below_a_place() -> None:
    """What a route has is below it, by name and by path."""
    for path in ("a", "routes[0]", "routes[0].body_limit"):
        assert (BODY, ("routes", 0, "body_limit"), "why") in found(f"{{rule: {BODY}, reason: why, path: '{path}'}}")


@pytest.mark.parametrize("path", ["routes[2]", "route", "b", "routes[0].body", "services.s"])
def test_entry_without_use_is_told(path: str) -> None:
    """An entry that nothing is found for would hide the next one that is."""
    rows = found(f"{{rule: {BODY}, reason: why, path: '{path}'}}")
    assert (UNUSED, ("audit", "ignore", 0), None) == rows[-1]
    assert (BODY, ("routes", 0, "body_limit"), None) in rows


def test_entry_for_no_rule_is_told_with_the_nearest() -> None:
    """A slip of the pen is no reason to refuse to start, so it is a note of the audit."""
    config = load_text(f"{ROUTES}audit: {{ignore: [{{rule: body-unlimitd, reason: x}}]}}", environment={})
    message = audit(config, 0.0)[-1].message
    assert "no rule is called 'body-unlimitd'. Did you mean 'body-unlimited'?" == message


def test_ignored_on_the_command_line() -> None:
    """Whoever runs an audit may let a rule pass as a whole; the reason of the file goes first."""
    config = load_text(f"{ROUTES}audit: {{ignore: [{{rule: {WRITE}, reason: why, path: a}}]}}", environment={})
    marks = [one.ignored for one in audit(config, 0.0, ignore=[WRITE, UNUSED])]
    assert [Ignored("configuration", "why"), Ignored("command line"), None] == marks


@pytest.mark.parametrize("entry", ["{rule: x}", "{rule: x, reason: ''}", "{rule: x, reason: ' '}", "{reason: x}"])
def test_entry_needs_a_rule_and_a_reason(entry: str) -> None:
    """Who comes later must know why."""
    with pytest.raises(ConfigError):
        load_text(f"{ROUTES}audit: {{ignore: [{entry}]}}", environment={})
