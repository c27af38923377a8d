"""Requests that another route takes, found by trying some."""

from __future__ import annotations

import pytest

from vizgate.config import GatewayConfig, load_text
from vizgate.config.diff.moves import examples, moves
from vizgate.router import Router, Rule


def config_of(*routes: str, tests: str = "") -> GatewayConfig:
    listed = ", ".join(f"{{{route}, respond: {{status: 200}}}}" for route in routes)
    return load_text(f"routes: [{listed}]\ntests: [{tests}]", environment={})


def told(old: GatewayConfig, new: GatewayConfig) -> list[str]:
    return [str(move) for move in moves(old, new)]


def test_moves_to_a_more_specific_route_are_found():
    """A new route takes requests away from another, which nobody has touched."""
    old = config_of("name: all, match: {path: '/shop/*'}")
    new = config_of("name: all, match: {path: '/shop/*'}", "name: one, match: {path: '/shop/{id:int}', methods: [GET]}")
    assert ["GET /shop/1: all -> one"] == told(old, new)
    assert ["GET /shop/1: one -> all"] == told(new, old)


def test_moves_to_no_route_are_told_with_the_status():
    """What has an answer of the gateway's own now has lost its route."""
    old = config_of("name: a, match: {path: /a}", "name: b, match: {path: /b}")
    new = config_of("name: a, match: {path: /a, methods: [GET]}")
    assert ["POST /a: a -> 405", "GET /b: b -> 404", "POST /b: b -> 404"] == told(old, new)


def test_moves_are_tried_with_the_tests_of_both():
    """Tests know requests that no path tells of."""
    test = "{request: {method: PUT, url: 'http://a.example/a/b?x=1', headers: {X-B: c}}, expect: {status: 404}}"
    old = config_of("name: rest, match: {path: '/a/*', methods: [PUT]}", tests=test)
    new = config_of(
        "name: rest, match: {path: '/a/*', methods: [PUT]}", "name: b, match: {path: /a/b, headers: {x-b: {regex: c}}}"
    )
    assert ["PUT a.example/a/b?x=1, X-B: c: rest -> b"] == told(old, new)


def test_moves_leave_out_new_names_and_what_cannot_be_sent():
    """A route with another name is the same; a test's header that would split a message is no request."""
    test = '{request: {url: "http://a/", headers: {A: "b\\r\\nC: d"}}, expect: {status: 404}}'
    assert [] == told(config_of("name: a, match: {path: /}", tests=test), config_of("name: b, match: {path: /}"))


@pytest.mark.parametrize(
    "match",
    [
        "path: /",
        "path: '/v{version:int}/{id:uuid}/{name}.json/{rest:path}'",
        "path: '/a b/%41/ä'",
        "path: /x, methods: [DELETE, PUT, PATCH]",
        "path: /x, hosts: ['*.example.com', example.org]",
        "path: /x, headers: {x-a: present, x-b: 'c d'}, query: {e: present, f: 'g&h'}",
        "path: /x, query: {e: ''}",
    ],
)
def test_examples_of_a_route_take_it(match: str):
    """What is made up for a route is a request that it is for."""
    (route,) = config_of(f"name: r, match: {{{match}}}").routes
    router = Router([Rule(route.name, route.match, route.name)])
    found = list(examples(route))
    assert found
    assert {"r"} == {router.match(*sample.request).value for sample in found}  # type: ignore[union-attr]


def test_examples_of_a_pattern_are_none():
    """Nobody knows what fits a pattern."""
    (route,) = config_of("name: r, match: {path: /, headers: {x-a: {regex: '^b'}}}").routes
    assert [] == list(examples(route))
