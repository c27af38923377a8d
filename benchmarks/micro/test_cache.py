"""What a cache costs: an answer out of it, the decision alone, and what is not for a cache."""

from __future__ import annotations

import asyncio

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.cache.ask.question import Question
from vizgate.cache.config import CacheConfig
from vizgate.cache.middleware import CacheMiddleware
from vizgate.cache.rules.freshness import Lifetime
from vizgate.cache.rules.reuse import NO_WISH, Terms, use_of
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

REQUEST = [
    (b"Host", b"example.com"), (b"User-Agent", b"Mozilla/5.0 (X11; Linux x86_64)"), (b"Accept", b"text/html"),
    (b"Accept-Language", b"en"), (b"Accept-Encoding", b"gzip, br"), (b"DNT", b"1"), (b"Sec-Fetch-Site", b"none"),
    (b"Sec-Fetch-Mode", b"navigate"), (b"X-Forwarded-For", b"192.0.2.1"), (b"X-Forwarded-Proto", b"http"),
    (b"X-Forwarded-Host", b"example.com"), (b"Via", b"1.1 vizgate"), (b"X-Request-Id", b"a" * 32),
]  # fmt: skip
RESPONSE = [
    (b"Content-Type", b"application/json"), (b"Cache-Control", b"public, max-age=3600"), (b"ETag", b'"abc"'),
    (b"Last-Modified", b"Sun, 06 Nov 1994 08:49:37 GMT"), *[(b"X-%d" % n, b"v") for n in range(4)],
]  # fmt: skip


async def forward(request: Request) -> Response:
    return Response(200, Headers([*RESPONSE, *([(b"Vary", b"Accept-Encoding")] if b"vary" in request.target else [])]))


def filled(target: bytes) -> CacheMiddleware:
    middleware = CacheMiddleware(CacheConfig(), Context())

    async def fill() -> None:
        await middleware.start()
        for _ in range(2):
            response = await middleware(Request("GET", target, Headers([*REQUEST]), authority="example.com"), forward)
        assert b"hit" in response.headers.raw[-1][1]

    asyncio.run(fill())
    return middleware


@pytest.mark.parametrize("target", [b"/users/7?x=1", b"/vary"])
def test_hit(benchmark: BenchmarkFixture, target: bytes) -> None:
    """A whole hit, from the request to the answer with its fields."""
    middleware = filled(target)

    def ask() -> None:
        request = Request("GET", target, Headers([*REQUEST]), authority="example.com")
        try:
            middleware(request, forward).send(None)
        except StopIteration:
            return
        raise AssertionError("it waited")

    benchmark(ask)


def test_bypass(benchmark: BenchmarkFixture) -> None:
    """A request that does not concern the cache."""
    middleware = filled(b"/a")

    def ask() -> None:
        try:
            middleware(Request("POST", b"/a", Headers([*REQUEST]), authority="example.com"), forward).send(None)
        except StopIteration:
            return

    benchmark(ask)


def test_question(benchmark: BenchmarkFixture) -> None:
    benchmark(Question, REQUEST, is_known=False)


def test_use_of(benchmark: BenchmarkFixture) -> None:
    benchmark(use_of, Terms(Lifetime(60.0, is_told=True)), NO_WISH, 5.0)
