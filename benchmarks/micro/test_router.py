"""What one match costs: by kind of route, and that it does not grow with the number of routes."""

from __future__ import annotations

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.headers import Headers
from vizgate.message.target import is_valid_authority, normalize_path
from vizgate.router import Match, MatchConfig, Router, Rule

BROWSER = Headers.of(
    [
        ("Host", "api.example.com"),
        ("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
        ("Accept", "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
        ("Accept-Language", "en-US,en;q=0.5"),
        ("Accept-Encoding", "gzip, deflate, br, zstd"),
        ("Cookie", "session=0123456789abcdef; theme=dark"),
        ("Upgrade-Insecure-Requests", "1"),
        ("Sec-Fetch-Dest", "document"),
        ("Sec-Fetch-Mode", "navigate"),
        ("X-Canary", "yes"),
    ]
)


def numbered(count: int, path: str, **more: object) -> list[Rule[int]]:
    return [Rule(f"r{n}", MatchConfig.model_validate({"path": path % n, **more}), n) for n in range(count)]


def match_last(
    benchmark: BenchmarkFixture, rules: list[Rule[int]], target: bytes, host: str = "api.example.com"
) -> None:
    router = Router(rules)
    found = benchmark(router.match, "GET", host, target, BROWSER)
    assert isinstance(found, Match)
    assert found.value == len(rules) - 1


@pytest.mark.parametrize("routes", [1, 10_000])
def test_fixed_path(benchmark: BenchmarkFixture, routes: int) -> None:
    match_last(benchmark, numbered(routes, "/service%d/status"), b"/service%d/status" % (routes - 1))


@pytest.mark.parametrize("routes", [1, 10_000])
def test_two_parameters(benchmark: BenchmarkFixture, routes: int) -> None:
    rules = numbered(routes, "/service%d/v{version:int}/users/{id}", methods=["GET"])
    match_last(benchmark, rules, b"/service%d/v1/users/abc" % (routes - 1))


@pytest.mark.parametrize("routes", [1, 10_000])
def test_rest_of_path(benchmark: BenchmarkFixture, routes: int) -> None:
    match_last(benchmark, numbered(routes, "/service%d/*"), b"/service%d/a/b/c?d=e" % (routes - 1))


@pytest.mark.parametrize("routes", [1, 10_000])
def test_text_around_a_parameter(benchmark: BenchmarkFixture, routes: int) -> None:
    match_last(benchmark, numbered(routes, "/%05d-{id}"), b"/%05d-abc" % (routes - 1))


@pytest.mark.parametrize("routes", [1, 10_000])
def test_host(benchmark: BenchmarkFixture, routes: int) -> None:
    rules = [Rule(f"r{n}", MatchConfig(path="/{id}", hosts=(f"h{n}.example.com",)), n) for n in range(routes)]
    match_last(benchmark, rules, b"/abc", f"h{routes - 1}.example.com:8080")


@pytest.mark.parametrize("routes", [1, 10_000])
def test_not_found(benchmark: BenchmarkFixture, routes: int) -> None:
    router = Router(numbered(routes, "/service%d/v{version:int}/users/{id}"))
    assert benchmark(router.match, "GET", "", b"/elsewhere/v1/users/abc", BROWSER).status == 404


def test_header_condition(benchmark: BenchmarkFixture) -> None:
    rules = [Rule("all", MatchConfig(path="/a/{id}"), 0), *numbered(1, "/a/{id%d}", headers={"x-canary": "yes"})]
    assert benchmark(Router(rules).match, "GET", "", b"/a/b", BROWSER).rule.name == "r0"


def test_query_condition(benchmark: BenchmarkFixture) -> None:
    rules = [Rule("all", MatchConfig(path="/a/{id}"), 0), *numbered(1, "/a/{id%d}", query={"debug": "1"})]
    assert benchmark(Router(rules).match, "GET", "", b"/a/b?a=b&c=d&debug=1", BROWSER).rule.name == "r0"


@pytest.mark.parametrize("path", [b"/api/v1/users/abc", b"/api//v1/./users/../users/abc", b"/caf%C3%A9/%61/b%2Fc"])
def test_normalize_path(benchmark: BenchmarkFixture, path: bytes) -> None:
    benchmark(normalize_path, path)


def test_validate_authority(benchmark: BenchmarkFixture) -> None:
    assert benchmark(is_valid_authority, b"api.example.com:8080")


def test_build_10000_routes(benchmark: BenchmarkFixture) -> None:
    rules = numbered(10_000, "/service%d/v{version:int}/users/{id}", methods=["GET"])
    benchmark.pedantic(Router, (rules,), rounds=3)
