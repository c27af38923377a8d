"""Rules: which two cannot be told apart."""

from __future__ import annotations

from typing import Any

import pytest

from vizgate.router import MatchConfig, RouteConflict, Router, Rule, find_conflicts


def rule(name: str, **match: Any) -> Rule[str]:
    return Rule(name, MatchConfig.model_validate(match), name)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"path": "/a"}, {"path": "/a"}),
        ({"path": "/{a:int}"}, {"path": "/{b:int}"}),
        ({"path": "/{a}"}, {"path": "/{b:str}"}),
        ({"path": "/a/*"}, {"path": "/a/{rest:path}"}),
        ({"path": "/v{a}/x"}, {"path": "/v{b}/x"}),
        ({"path": "/%61"}, {"path": "/a"}),
        ({"path": "/a", "methods": ["GET", "PUT"]}, {"path": "/a", "methods": ["PUT", "POST"]}),
        ({"path": "/a", "hosts": ["a", "b"]}, {"path": "/a", "hosts": ["B", "c"]}),
        ({"path": "/a", "hosts": ["*.a"]}, {"path": "/a", "hosts": ["*.A"]}),
        ({"path": "/a", "headers": {"X-A": "1"}}, {"path": "/a", "headers": {"x-a": "1"}}),
        ({"path": "/a", "query": {"b": {"regex": "c"}}}, {"path": "/a", "query": {"b": {"regex": "c"}}}),
        (
            {"path": "/a", "headers": {"x-a": "1", "x-b": "present"}},
            {"path": "/a", "headers": {"x-b": "present", "x-a": "1"}},
        ),
    ],
)
def test_conflict_two_rules_for_the_same_requests_are_refused(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Same host pattern, same shape of path, a method in common and the same conditions: an error that names both."""
    with pytest.raises(RouteConflict, match="routes 'one' and 'other' cannot be told apart") as caught:
        Router([rule("one", **one), rule("other", **other)])
    assert (caught.value.first, caught.value.second) == ("one", "other")
    assert len(find_conflicts([rule("one", **one), rule("other", **other)])) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"path": "/a"}, {"path": "/a/"}),
        ({"path": "/a"}, {"path": "/A"}),
        ({"path": "/{a:int}"}, {"path": "/{a}"}),
        ({"path": "/a{x}"}, {"path": "/{x}a"}),
        ({"path": "/a", "methods": ["GET"]}, {"path": "/a", "methods": ["POST"]}),
        ({"path": "/a", "methods": ["GET"]}, {"path": "/a"}),
        ({"path": "/a", "methods": ["GET"]}, {"path": "/a", "methods": ["HEAD"]}),
        ({"path": "/a", "hosts": ["a"]}, {"path": "/a", "hosts": ["*.a"]}),
        ({"path": "/a", "hosts": ["a"]}, {"path": "/a"}),
        ({"path": "/a", "headers": {"x-a": "1"}}, {"path": "/a"}),
        ({"path": "/a", "headers": {"x-a": "1"}}, {"path": "/a", "headers": {"x-a": "2"}}),
        ({"path": "/a", "headers": {"x-a": "1"}}, {"path": "/a", "headers": {"x-b": "1"}}),
        ({"path": "/a", "headers": {"x-a": "1"}}, {"path": "/a", "query": {"x-a": "1"}}),
    ],
)
def test_conflict_rules_with_a_difference_are_accepted(one: dict[str, Any], other: dict[str, Any]) -> None:
    """Whatever part decides between two rules, they can be told apart."""
    assert find_conflicts([rule("one", **one), rule("other", **other)]) == ()


def test_conflict_says_what_both_take() -> None:
    """Host, path, method and conditions stand in the message, and a remedy."""
    routes = [
        rule("a", path="/{x}", methods=["GET"], hosts=["h"]),
        rule("b", path="/{y}", methods=["GET"], hosts=["h"]),
    ]
    (conflict,) = find_conflicts(routes)
    assert str(conflict) == (
        "routes 'a' and 'b' cannot be told apart: both take method GET for /{x} and /{y} on host h "
        "under no conditions. Change the path, hosts, methods, headers or query of one of them"
    )
    assert str(conflict).endswith(conflict.reason)


def test_conflict_every_pair_is_found_at_once() -> None:
    """A load reports all problems; a pair is named once, however much it has in common."""
    routes = [
        rule("a", path="/x", methods=["GET", "PUT"], hosts=["h", "i"]),
        rule("b", path="/x", methods=["GET", "PUT"], hosts=["h", "i"]),
        rule("c", path="/y"),
        rule("d", path="/y"),
    ]
    assert [(one.first, one.second) for one in find_conflicts(routes)] == [("a", "b"), ("c", "d")]


def test_conflict_one_name_for_two_rules_is_refused() -> None:
    """The order of rules must not depend on chance, so names are unique."""
    with pytest.raises(RouteConflict, match="one name"):
        Router([rule("a", path="/x"), rule("a", path="/y")])
