"""Checks across parts: what one part says about another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import ConfigError, GatewayConfig, RouteConfig, ServiceConfig, check, load_text
from vizgate.router.config import MatchConfig

Refused = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("routes", "problem"),
    [
        (
            "[{match: {path: /}, service: usres}]",
            "routes[0].service: no service named 'usres'. Did you mean 'users'?",
        ),
        (
            "[{match: {path: /}, service: billing}]",
            "routes[0].service: no service named 'billing'. There are: users, echo",
        ),
        (
            "[{name: a, match: {path: /a}, service: echo}, {name: a, match: {path: /b}, service: echo}]",
            "routes[1].name: 'a' is the name of routes[0], too (at config.yaml:2:17). Give each route its own name",
        ),
        (
            "[{match: {path: '/a/{id}'}, service: echo, rewrite: {path: '/b/{ident}'}}]",
            "routes[0].rewrite.path: the path /a/{id} has no parameter {ident}.",
        ),
        (
            "[{match: {path: /, headers: {X-B: '1', X_Canary: '1'}}, service: echo}]",
            "routes[0].match.headers: x_canary is dropped from every request, as is every name with '_'.",
        ),
        (
            "[{match: {path: '/a/{id}'}, redirect: {to: 'https://x/{ident}'}}]",
            "routes[0].redirect.to: the path /a/{id} has no parameter {ident}.",
        ),
        (
            "[{match: {path: '/a/*'}, service: echo, rewrite: {strip_prefix: /b}}]",
            "routes[0].rewrite.strip_prefix: ",
        ),
        (
            "[{match: {path: /*}, service: echo, rewrite: {strip_prefix: /b}}]",
            "routes[0].rewrite.strip_prefix: ",
        ),
        (
            "[{match: {path: '/a/{id}'}, service: echo}, {match: {path: '/a/{name}'}, service: echo}]",
            "routes[1].match: cannot be told apart from routes[0] (at config.yaml:2:18): both take all methods for ",
        ),
    ],
)
def test_contradiction_between_parts_is_refused(refused: Refused, services: str, routes: str, problem: str) -> None:
    """Dangling references, double names, rewrites that cannot work and routes that collide are told in place."""
    (found,) = refused(f"{services}routes: {routes}\n")
    assert found.split(" ", 1)[1].startswith(problem)


def test_every_conflict_is_told(refused: Refused, services: str) -> None:
    """Three routes that collide are more than one problem."""
    route = "{match: {path: /a}, service: echo}"
    found = refused(f"{services}routes: [{route}, {route}, {route}]")
    assert [problem.split(" ")[1] for problem in found] == ["routes[1].match:", "routes[2].match:"]


def test_reference_is_checked_in_a_faulty_route(refused: Refused, services: str) -> None:
    """A fault elsewhere in a route does not hide a dangling reference or a double name."""
    text = f"{services}routes: [{{name: a, match: {{pth: /}}, service: usres}}, {{name: a, service: echo}}]"
    found = "\n".join(refused(text))
    for part in ("routes[0].match.pth", "no service named 'usres'", "routes[1]: match is missing", "routes[1].name: "):
        assert part in found


def test_service_that_is_faulty_is_no_dangling_reference(refused: Refused) -> None:
    """A fault in a service is told once, not again by each route that uses it."""
    found = refused("services: {a: {targets: [http://a], pol: {}}}\nroutes: [{match: {path: /}, service: a}]")
    assert len(found) == 1


def test_no_service_at_all_says_where_to_define_one(refused: Refused) -> None:
    """Without any service there is nothing to suggest."""
    found = refused("routes: [{match: {path: /}, service: a}]")
    assert found[0].endswith("no service named 'a'. Define it under services")


def test_expectation_of_a_test_is_checked(refused: Refused, services: str) -> None:
    """A test that expects a route or a service that does not exist could never pass."""
    text = (
        f"{services}routes: [{{name: user, match: {{path: /}}, service: users}}]\n"
        "tests: [{request: {url: 'http://a/'}, expect: {route: usr, service: uzers}}]"
    )
    found = refused(text)
    assert "tests[0].expect.route: no route named 'usr'. Did you mean 'user'?" in found[0]
    assert "tests[0].expect.service: no service named 'uzers'. Did you mean 'users'?" in found[1]


def test_expectation_may_name_a_route_by_its_default_name(services: str) -> None:
    """A route without a name is called by its path, in tests too."""
    text = f"{services}routes: [{{match: {{path: /a}}, service: echo}}]\n"
    tests = "tests: [{request: {url: 'http://a/a'}, expect: {route: /a}}]"
    assert load_text(text + tests, environment={}).routes[0].name == "/a"


def test_check_configuration_made_in_python_is_checked_alike() -> None:
    """What a program builds itself passes the same checks, without places in a text."""
    route = RouteConfig(match=MatchConfig(path="/"), service="ecko")
    config = GatewayConfig(services={"echo": ServiceConfig(builtin="echo")}, routes=(route, route))
    with pytest.raises(ConfigError) as caught:
        check(config, "mine")
    assert [str(problem).split(": ")[0] for problem in caught.value.problems] == [
        "mine routes[0].service",
        "mine routes[1].service",
        "mine routes[1].match",
    ]
    check(GatewayConfig())
