"""The router: what is matched, what wins, what is refused, and that no path can make it slow."""

from __future__ import annotations

import doctest
import itertools
import random
import time
from types import ModuleType
from typing import Any

import pytest

from vizgate.message.headers import Headers
from vizgate.router import Match, MatchConfig, NoMatch, Router, Rule
from vizgate.router import router as router_module

UUID = "123e4567-e89b-12d3-a456-426614174000"


def rule(name: str, **match: Any) -> Rule[str]:
    return Rule(name, MatchConfig.model_validate(match), name)


def ask(
    router: Router[str], target: str, method: str = "GET", host: str = "", headers: dict[str, str] | None = None
) -> str | int:
    """The name of the route that wins, or the status when there is none."""
    found = router.match(method, host, target.encode("latin-1"), Headers.of((headers or {}).items()))
    return found.value if found else found.status


def test_docstring_example_is_true() -> None:
    """The sample in the docstring of Router works as written."""
    assert isinstance(router_module, ModuleType)
    results = doctest.testmod(router_module)
    assert (results.failed, results.attempted > 0) == (0, True)


def test_match_sample_of_the_reference() -> None:
    """All parts of a match together, and typed parameters."""
    match = {
        "path": "/api/v{version:int}/users/{id}",
        "methods": ["GET", "PUT"],
        "hosts": ["api.example.com", "*.example.org"],
        "headers": {"x-canary": "yes"},
        "query": {"debug": "1"},
    }
    router = Router([rule("user", **match)])
    headers = Headers.of([("X-Canary", "yes")])
    found = router.match("PUT", "a.example.org:8080", b"/api/v1/users/7?debug=1", headers)
    assert isinstance(found, Match)
    assert (found.value, found.rule.name, found.params) == ("user", "user", {"version": 1, "id": "7"})
    for changed in (
        router.match("PUT", "example.org", b"/api/v1/users/7?debug=1", headers),
        router.match("PUT", "a.example.org", b"/api/vx/users/7?debug=1", headers),
        router.match("PUT", "a.example.org", b"/api/v1/users/7?debug=2", headers),
        router.match("PUT", "a.example.org", b"/api/v1/users/7?debug=1"),
    ):
        assert isinstance(changed, NoMatch)
        assert changed.status == 404
    assert router.match("POST", "a.example.org", b"/api/v1/users/7?debug=1", headers) == NoMatch(
        405, ("GET", "HEAD", "OPTIONS", "PUT"), "this path does not take the method"
    )


@pytest.mark.parametrize(
    ("target", "winner"),
    [
        ("/api/", "api"),
        ("/api/a/b", "api"),
        ("/api//a", "api"),
        ("/api", 404),
        ("/apix", 404),
        ("/api?/api/", 404),
        ("/API/", 404),
        ("/docs", "docs"),
        ("/docs/", "docs slash"),
        ("/docs?x=/y", "docs"),
        ("/%64ocs", "docs"),
        ("/x/../docs", "docs"),
        ("/", 404),
    ],
)
def test_match_rest_of_path_and_trailing_slash(target: str, winner: str | int) -> None:
    """``/api/*`` takes ``/api/`` and below, nothing else; ``/docs`` and ``/docs/`` are two paths."""
    router = Router([rule("api", path="/api/*"), rule("docs", path="/docs"), rule("docs slash", path="/docs/")])
    assert ask(router, target) == winner


@pytest.mark.parametrize(
    "target",
    [
        "/admin",
        "/%61dmin",
        "//admin",
        "/./admin",
        "/x/../admin",
        "/public/../admin",
        "/public/%2e%2e/admin",
        "/admin?x",
    ],
)
def test_match_ways_to_write_a_protected_path_all_reach_its_route(target: str) -> None:
    """A route that protects a path is not passed by under another spelling of the path."""
    assert ask(Router([rule("admin", path="/admin"), rule("all", path="/*")]), target) == "admin"


@pytest.mark.parametrize(
    "target", ["/ADMIN", "/admin%20", "/admin/", "/admin;x", "/admin%2F", "/%2561dmin", "/admin%3F"]
)
def test_match_other_paths_are_not_the_protected_one(target: str) -> None:
    """What is another path by RFC 3986 is another path here."""
    assert ask(Router([rule("admin", path="/admin"), rule("all", path="/*")]), target) == "all"


@pytest.mark.parametrize(
    "target",
    ["/a/..%2fadmin", "/%2e%2e%2fadmin", "/..%5cadmin", "/a\\b", "/a%00", "/%zz", "/../a", "/..;/admin", "a", "*", ""],
)
def test_match_path_of_two_meanings_is_a_400(target: str) -> None:
    """Refused before any route is asked, the one for everything too; the detail may be shown."""
    found = Router([rule("all", path="/*")]).match("GET", "", target.encode("latin-1"))
    assert isinstance(found, NoMatch)
    assert (found.status, found.allow) == (400, ())
    assert found.detail


def test_match_parameters_have_the_value_the_client_meant() -> None:
    """Text is decoded once, an encoded slash is a slash in it; the rest of a path keeps ``%2F`` apart from ``/``."""
    router = Router.of({"/s/{a}/{b:uuid}": 1, "/r/{rest:path}": 2, "/f/{name}.json": 3, "/star/*": 4})
    found = router.match("GET", "", f"/s/caf%C3%A9%2F%2541/{UUID.upper()}".encode())
    assert isinstance(found, Match)
    assert found.params == {"a": "caf\u00e9/%41", "b": UUID}
    for target, params in [
        (b"/r/a%2Fb/c%20d/", {"rest": "a%2Fb/c d/"}),
        (b"/r/", {"rest": ""}),
        (b"/f/a.b.json", {"name": "a.b"}),
        (b"/star/a", {}),
    ]:
        found = router.match("GET", "", target)
        assert isinstance(found, Match)
        assert found.params == params


ORDERED = [
    ("/a/b", "/a/b"),
    ("/a/7", "/a/{x:int}"),
    (f"/a/{UUID}", "/a/{x:uuid}"),
    ("/a/v7", "/a/v{x:int}"),
    ("/a/vx", "/a/v{x}"),
    ("/a/vx.json", "/a/v{x}.json"),
    ("/a/x.json", "/a/{x}.json"),
    ("/a/x", "/a/{x}"),
    ("/a/", "/a/*"),
    ("/a/b/c", "/a/*"),
    ("/c/b", "/{y}/b"),
    ("/c/d", "/*"),
]


@pytest.mark.parametrize(("target", "winner"), ORDERED)
def test_match_most_specific_path_wins_whatever_the_order(target: str, winner: str) -> None:
    """Fixed text before parameters, narrower ones first, the rest last, segment by segment from the left."""
    patterns = list(dict.fromkeys(pattern for _, pattern in ORDERED))
    for seed in range(5):
        random.Random(seed).shuffle(patterns)
        assert ask(Router([rule(pattern, path=pattern) for pattern in patterns]), target) == winner


def test_match_less_specific_way_is_taken_when_the_first_leads_nowhere() -> None:
    """A fixed segment that fits does not hide a parameter whose route goes on."""
    router = Router.of({"/a/b/c": "abc", "/{x}/b/d": "xbd", "/a/{y}/e": "aye", "/{rest:path}": "rest"})
    assert [ask(router, target) for target in ("/a/b/c", "/a/b/d", "/a/b/e", "/a/b/f")] == ["abc", "xbd", "aye", "rest"]


@pytest.mark.parametrize(
    ("host", "target", "winner"),
    [
        ("api.example.org", "/x", "exact"),
        ("API.EXAMPLE.org:81", "/x", "exact"),
        ("b.api.example.org", "/x", "near"),
        ("b.example.org", "/x", "far"),
        ("example.org", "/x", "any"),
        ("", "/x", "any"),
        ("a b", "/x", "any"),
        ("api.example.org", "/y", "far y"),
        ("api.example.org", "/z", "any z"),
        ("api.example.org", "/w", 404),
    ],
)
def test_match_host_goes_before_path_and_falls_through(host: str, target: str, winner: str | int) -> None:
    """The more specific host wins even with the less specific path; without a route there, the next host is asked."""
    router = Router(
        [
            rule("exact", path="/{x}", hosts=["api.example.org"], methods=["GET"], headers={"y": "1"}),
            rule("exact x", path="/{x:uuid}", hosts=["api.example.org"]),
            rule("near", path="/x", hosts=["*.api.example.org"]),
            rule("far", path="/x", hosts=["*.example.org"]),
            rule("far y", path="/y", hosts=["*.example.org"]),
            rule("any", path="/x"),
            rule("any z", path="/z"),
        ]
    )
    headers = {"y": "1"} if winner == "exact" else {}
    assert ask(router, target, host=host, headers=headers) == winner


def test_match_unknown_host_without_routes_for_any_is_a_404() -> None:
    """Routes of other hosts are not for it."""
    router = Router([rule("a", path="/*", hosts=["a.example"])])
    assert (ask(router, "/", host="a.example"), ask(router, "/", host="b.example"), ask(router, "/")) == ("a", 404, 404)


def test_match_head_goes_with_get() -> None:
    """A route for GET takes HEAD, unless another one names HEAD for the same path."""
    router = Router([rule("get", path="/a", methods=["GET"])])
    assert ask(router, "/a", "HEAD") == "get"
    router = Router([rule("get", path="/a", methods=["GET"]), rule("head", path="/a", methods=["HEAD"])])
    assert (ask(router, "/a", "HEAD"), ask(router, "/a")) == ("head", "get")


def test_match_other_method_on_a_known_path_is_a_405_with_allow() -> None:
    """Allow lists what any route of the path would take, HEAD and OPTIONS included (RFC 9110 15.5.6)."""
    router = Router.of({"GET /a/{x}": 1, "PUT /a/b": 2, "POST /c": 3})
    assert router.match("DELETE", "", b"/a/b") == NoMatch(
        405, ("GET", "HEAD", "OPTIONS", "PUT"), "this path does not take the method"
    )
    assert router.match("GET", "", b"/c") == NoMatch(405, ("OPTIONS", "POST"), "this path does not take the method")


def test_match_method_decides_before_the_more_specific_path_refuses() -> None:
    """A more specific path that does not take the method leaves the request to a less specific one that does."""
    found = Router.of({"GET /a/{x}": 1, "PUT /a/b": 2}).match("GET", "", b"/a/b")
    assert isinstance(found, Match)
    assert (found.value, found.params) == (1, {"x": "b"})


def test_match_options_without_a_handler_is_a_204_with_allow() -> None:
    """Unless a route takes OPTIONS itself, or the path is unknown."""
    router = Router.of({"GET /a": 1, "OPTIONS,GET /b": 2, "/c": 3})
    assert router.match("OPTIONS", "", b"/a") == NoMatch(204, ("GET", "HEAD", "OPTIONS"))
    for target, value in ((b"/b", 2), (b"/c", 3)):
        found = router.match("OPTIONS", "", target)
        assert isinstance(found, Match)
        assert found.value == value
    assert ask(Router.of({"GET /a": "a"}), "/d", "OPTIONS") == 404


def test_match_options_asterisk_is_about_the_whole_server() -> None:
    """``OPTIONS *`` allows what any route takes (RFC 9110 9.3.7); no other method has an asterisk."""
    router = Router.of({"GET /a": 1, "PUT /b": 2})
    assert router.match("OPTIONS", "", b"*") == NoMatch(204, ("GET", "HEAD", "OPTIONS", "PUT"))
    assert Router.of({"/a": 1}).match("OPTIONS", "", b"*") == NoMatch(204, ("OPTIONS",))
    assert ask(Router.of({"/*": "all"}), "*") == 400


def test_match_more_conditions_win() -> None:
    """Named methods first, then more header conditions, then more query conditions."""
    router = Router(
        [
            rule("plain", path="/a"),
            rule("one", path="/a", headers={"x-a": "1"}),
            rule("two", path="/a", headers={"x-a": "1", "x-b": "present"}),
            rule("query", path="/a", query={"q": "1"}),
            rule("both", path="/a", headers={"x-a": "1"}, query={"q": "1"}),
            rule("method", path="/a", methods=["PUT"]),
        ]
    )
    both = {"x-a": "1", "x-b": ""}
    assert ask(router, "/a") == "plain"
    assert ask(router, "/a", headers={"X-A": "1"}) == "one"
    assert ask(router, "/a", headers=both) == "two"
    assert ask(router, "/a?q=1") == "query"
    assert ask(router, "/a?q=1", headers={"x-a": "1"}) == "both"
    assert ask(router, "/a?q=1", headers=both) == "two"
    assert ask(router, "/a?q=1", "PUT", headers=both) == "method"


def test_match_equal_conditions_have_an_order_of_their_own() -> None:
    """Exact, regex, present, then names: never the order of writing."""
    rules = [
        rule("present", path="/a", headers={"x-a": "present"}),
        rule("regex", path="/a", headers={"x-a": {"regex": "1"}}),
        rule("exact", path="/a", headers={"x-a": "1"}),
        rule("later", path="/a", headers={"x-b": "1"}),
    ]
    for order in itertools.permutations(rules):
        router = Router(order)
        assert ask(router, "/a", headers={"x-a": "1", "x-b": "1"}) == "exact"
        assert ask(router, "/a", headers={"x-a": "11", "x-b": "1"}) == "later"
        assert ask(router, "/a", headers={"x-a": "11"}) == "regex"
        assert ask(router, "/a", headers={"x-a": "2"}) == "present"


def test_match_unmet_condition_is_a_404_and_not_a_405() -> None:
    """A route whose conditions do not hold does not lend its methods."""
    router = Router([rule("a", path="/a", methods=["GET"], headers={"x-a": "1"})])
    assert ask(router, "/a", "PUT") == 404
    assert ask(router, "/a", "PUT", headers={"x-a": "1"}) == 405


def test_rules_in_order_is_the_order_of_precedence() -> None:
    """Hosts, paths, methods, conditions; a rule with several hosts stands at its most specific one."""
    rules = [
        rule("any", path="/*"),
        rule("literal", path="/a"),
        rule("literal get", path="/a", methods=["GET"]),
        rule("literal header", path="/a", headers={"x": "1"}),
        rule("wildcard", path="/{x}", hosts=["*.example.org", "*.a.example.org"]),
        rule("exact", path="/*", hosts=["*.org", "b.example.org"]),
    ]
    names = [one.name for one in Router(rules).rules_in_order()]
    assert names == ["exact", "wildcard", "literal get", "literal header", "literal", "any"]
    assert names == [one.name for one in Router(rules[::-1]).rules_in_order()]


def test_router_without_rules_answers_404() -> None:
    """A table may be empty; refused paths stay refused."""
    router: Router[str] = Router([])
    assert (ask(router, "/"), ask(router, "/.."), len(router)) == (404, 400, 0)


def test_router_shows_its_size() -> None:
    """For logs and debuggers."""
    assert (
        repr(Router([rule("a", path="/a"), rule("b", path="/b", hosts=["x", "y"])]))
        == "<Router [2 routes, 3 host patterns]>"
    )
    assert repr(Router.of({"/a/{x}": 1}).match("GET", "", b"/a/b")) == "<Match /a/{x} {'x': 'b'}>"


def test_shared_match_cannot_be_changed() -> None:
    """The match of a fixed path is made once; its parameters are read-only."""
    found = Router.of({"/a": 1}).match("GET", "", b"/a")
    assert isinstance(found, Match)
    with pytest.raises(TypeError):
        found.params["x"] = 1  # type: ignore[index]


def ambiguous_routes(depth: int) -> list[Rule[str]]:
    """Fixed text or a parameter in every place: each segment of ``/a/a/a/...`` could take two ways."""
    kinds = itertools.product((True, False), repeat=depth)
    paths = ["/".join("a" if fixed else f"{{p{i}}}" for i, fixed in enumerate(kind)) for kind in kinds]
    return [rule(path, path=f"/{path}/end") for path in paths]


ADVERSARIAL = {
    "ambiguous": ambiguous_routes(10),
    "rests": [rule(str(n), path="/" + "a/" * n + "*") for n in range(200)],
    "affixes": [rule(f"{n}-{m}", path=f"/{'a' * n}{{x}}{'a' * m}") for n in range(30) for m in range(30) if n + m],
    "same place": [rule(str(n), path="/a/{x}", headers={f"x-{n}": {"regex": "^(a|b)+$"}}) for n in range(200)],
}


@pytest.mark.parametrize("kind", ADVERSARIAL)
@pytest.mark.parametrize("unit", ["a/", "a", "%61/", "./", "//", "%2F.", "a%25", ".a%2F"])
def test_match_100_kib_path_against_adversarial_routes_takes_little_time(kind: str, unit: str) -> None:
    """No path makes matching slow, whatever the routes: below 10 ms; the bound leaves room for slow machines."""
    router = Router(ADVERSARIAL[kind])
    headers = Headers.of([(f"x-{n}", "ab" * 100 + "c") for n in range(100)])
    for target in (f"/{unit * (102_400 // len(unit))}", f"/{unit * (102_400 // len(unit))}end", "/" + "a/" * 10 + "nd"):
        raw = target.encode()
        began = time.process_time()
        router.match("GET", "", raw, headers)
        assert time.process_time() - began < 0.1


def test_match_each_of_10000_routes_is_found() -> None:
    """A large table loses nothing; what it costs is measured in benchmarks/micro."""
    rules = [rule(str(n), path=f"/s{n}/v{{v:int}}/items/{{id}}", methods=["GET"]) for n in range(10_000)]
    router = Router(rules)
    assert [ask(router, f"/s{n}/v1/items/x") for n in range(0, 10_000, 997)] == [str(n) for n in range(0, 10_000, 997)]
