"""Explanations: why a route won, and at which part the others lost."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.message.headers import Headers
from vizgate.router import MatchConfig, Router, Rule
from vizgate.router.explain import Stage


def router_of(**matches: dict[str, Any]) -> Router[None]:
    return Router([Rule(name, MatchConfig.model_validate(match), None) for name, match in matches.items()])


def test_explain_every_rule_has_a_verdict_in_order_of_precedence() -> None:
    """The winner and each loser, with the first part that decided."""
    router = router_of(
        host={"path": "/a/{x}", "hosts": ["b.example"]},
        path={"path": "/b/{x}"},
        method={"path": "/a/7", "methods": ["PUT"]},
        headers={"path": "/a/{x}", "headers": {"x-a": "1"}, "query": {"q": "1"}},
        query={"path": "/a/{x:int}", "query": {"q": {"regex": "^y"}}},
        winner={"path": "/a/{x:int}"},
        late={"path": "/*"},
    )
    verdicts = router.explain("GET", "a.example:80", b"/a/7?q=n", Headers())
    assert [(v.rule.name, v.stage, v.reason) for v in verdicts] == [
        ("host", Stage.HOST, "host 'a.example' is not b.example"),
        ("method", Stage.METHOD, "method GET is not one of PUT"),
        ("query", Stage.QUERY, "no query parameter fulfils q~/^y/"),
        ("winner", Stage.WON, "the most specific route that takes the request"),
        ("headers", Stage.HEADERS, "no header fulfils x-a='1'"),
        ("path", Stage.PATH, "segment 1 of the path is 'a', not 'b'"),
        ("late", Stage.PRECEDENCE, "'winner' is more specific"),
    ]
    assert [v.rule.name for v in verdicts if v.is_near] == ["method", "query", "winner", "headers", "late"]
    assert {v.host for v in verdicts} == {"b.example", "*"}


@pytest.mark.parametrize(
    ("template", "target", "reason"),
    [
        ("/a", b"/a/", "the path ends with a slash"),
        ("/a", b"/a/b/c", "the path has more than 1 segments"),
        ("/a/b", b"/a", "the path ends before segment 2"),
        ("/a/*", b"/a", "the path ends before segment 2"),
        ("/{x:int}", b"/x", "segment 1 of the path is 'x', not '{x:int}'"),
        ("/v{x:int}b", b"/vxb", "segment 1 of the path is 'vxb', not 'v{x:int}b'"),
        ("/{x}", b"/", "segment 1 of the path is '', not '{x:str}'"),
        ("/a", b"/..", "the path is refused: the path leads above the root"),
    ],
)
def test_explain_path_that_does_not_fit_says_where(template: str, target: bytes, reason: str) -> None:
    """The segment at fault is named."""
    (verdict,) = router_of(only={"path": template}).explain("GET", "", target)
    assert (verdict.stage, verdict.reason) == (Stage.PATH, reason)


def test_explain_rule_with_several_hosts_has_a_verdict_for_each() -> None:
    """A rule may lose under one host and win under another."""
    verdicts = router_of(only={"path": "/", "hosts": ["a", "b"]}).explain("GET", "b", b"/")
    assert [(v.host, v.stage) for v in verdicts] == [("a", Stage.HOST), ("b", Stage.WON)]
