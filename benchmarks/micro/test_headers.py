"""What header fields cost: lookups, changes, and ``use: headers`` on thirteen fields of a browser."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.headers import Field, Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transform.config import HeadersConfig
from vizgate.transform.fields import compile_changes
from vizgate.transform.middleware import HeadersMiddleware

BROWSER: list[Field] = [
    (b"Host", b"api.example.com"),
    (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"),
    (b"Accept-Language", b"en-US,en;q=0.5"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Referer", b"https://app.example.com/"),
    (b"Cookie", b"session=0123456789abcdef; theme=dark"),
    (b"Sec-Fetch-Dest", b"empty"),
    (b"Sec-Fetch-Mode", b"cors"),
    (b"Sec-Fetch-Site", b"same-site"),
    (b"DNT", b"1"),
    (b"Cache-Control", b"no-cache"),
    (b"X-Requested-With", b"fetch"),
]

CHANGES = HeadersConfig.model_validate(
    {
        "request": {"set": {"X-Gateway": "vizgate"}, "remove": ["X-Debug"]},
        "response": {"set": {"X-Frame-Options": "DENY"}},
    }
)


@pytest.mark.parametrize("name", ["Host", "X-Requested-With", "X-Absent"])
def test_get(benchmark: BenchmarkFixture, name: str) -> None:
    headers = Headers(BROWSER.copy())
    benchmark(headers.get, name)


def test_get_bytes(benchmark: BenchmarkFixture) -> None:
    headers = Headers(BROWSER.copy())
    assert benchmark(headers.get_bytes, b"x-requested-with") == b"fetch"


def test_set(benchmark: BenchmarkFixture) -> None:
    headers = Headers(BROWSER.copy())
    benchmark(headers.__setitem__, "X-Gateway", "vizgate")


def test_remove_absent(benchmark: BenchmarkFixture) -> None:
    headers = Headers(BROWSER.copy())
    benchmark(headers.remove, "X-Absent")


def test_copy(benchmark: BenchmarkFixture) -> None:
    headers = Headers(BROWSER.copy())
    assert benchmark(headers.copy) == headers


def test_apply_changes(benchmark: BenchmarkFixture) -> None:
    plan = compile_changes(CHANGES.request)
    assert plan is not None
    raw = BROWSER.copy()
    benchmark(plan.apply, raw)
    assert len(raw) == len(BROWSER) + 1


def test_headers_middleware(benchmark: BenchmarkFixture) -> None:
    """One call of the middleware, both sides, with a service that answers at once."""
    layer = HeadersMiddleware(CHANGES)
    request = Request("GET", b"/", Headers(BROWSER.copy()))
    response = Response(200, Headers([(b"Content-Type", b"application/json"), (b"Server", b"upstream")]))

    async def service(_request: Request) -> Response:
        return response

    benchmark(lambda: _run(layer(request, service)))
    assert response.headers["X-Frame-Options"] == "DENY"


def _run(call: Coroutine[Any, Any, Response]) -> None:
    """Run *call*, which never suspends, without the cost of an event loop."""
    try:
        call.send(None)
    except StopIteration:
        return
    raise AssertionError("the call waited for something")
