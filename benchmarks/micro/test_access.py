"""What one decision costs about who is let through: cors, ip_filter, content_types, csrf, versions."""

from __future__ import annotations

from contextlib import suppress
from ipaddress import ip_network
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.access.csrf.source import Source, SourceRules
from vizgate.access.csrf.token import TokenSigner
from vizgate.access.ip_filter.config import IpFilterConfig
from vizgate.access.ip_filter.middleware import IpFilter
from vizgate.access.ip_filter.networks import NetworkRules
from vizgate.access.security_headers.config import SecurityHeadersConfig
from vizgate.access.security_headers.fields import SecurityFields
from vizgate.cors.config import CorsConfig
from vizgate.cors.middleware import CorsMiddleware
from vizgate.cors.policy import CorsPolicy
from vizgate.message.headers import Headers
from vizgate.message.media_types import MediaTypes
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.versions.config import VersionConfig
from vizgate.versions.life import VersionLife

APP = b"https://app.example.com"
RESPONSE = [
    (b"Content-Type", b"application/json"),
    (b"Vary", b"Accept-Encoding"),
    *[(b"X-%d" % n, b"v") for n in range(8)],
]


def policy(origins: int) -> CorsPolicy:
    others = tuple(f"https://app{number}.example.org" for number in range(origins - 1))
    config = CorsConfig(origins=(*others, "https://app.example.com", "https://*.example.net"), headers=("X-A",))
    return CorsPolicy(config)


@pytest.mark.parametrize("origins", [1, 1000])
def test_cors_listed_origin(benchmark: BenchmarkFixture, origins: int) -> None:
    benchmark(policy(origins).fields, APP)


def test_cors_wildcard_origin(benchmark: BenchmarkFixture) -> None:
    benchmark(policy(1).fields, b"https://a.b.example.net")


def test_cors_refused_origin(benchmark: BenchmarkFixture) -> None:
    benchmark(policy(1).fields, b"https://evil.example")


def test_cors_preflight(benchmark: BenchmarkFixture) -> None:
    benchmark(policy(1).preflight, APP, b"POST", b"content-type,x-a")


def test_cors_middleware(benchmark: BenchmarkFixture) -> None:
    """The whole layer around an answer that is there already, with ten fields in it."""
    layer = CorsMiddleware(CorsConfig(origins=("https://app.example.com",), credentials=True))
    request = Request("GET", b"/", Headers([(b"Host", b"a"), *RESPONSE, (b"Origin", APP)]))

    async def forward(_request: Request) -> Response:
        return Response(200, Headers([*RESPONSE]))

    def once() -> None:
        with suppress(StopIteration):
            layer(request, forward).send(None)

    benchmark(once)


def networks(count: int) -> NetworkRules:
    random = Random(1)
    return NetworkRules([ip_network((random.getrandbits(24) << 8, 24)) for _ in range(count)])


@pytest.mark.parametrize("count", [1, 10_000])
def test_ip_filter_address_seen_first(benchmark: BenchmarkFixture, count: int) -> None:
    benchmark(networks(count).allows, "192.0.2.7")


def test_ip_filter_middleware(benchmark: BenchmarkFixture) -> None:
    """The layer, for an address that it has seen."""
    layer = IpFilter(IpFilterConfig(allow=(ip_network("10.0.0.0/8"),)))
    request = Request("GET", b"/", client="10.1.2.3")
    benchmark(layer, request, lambda _request: None)


def test_content_type(benchmark: BenchmarkFixture) -> None:
    benchmark(MediaTypes(["application/json", "image/*"]).__contains__, b"application/json; charset=utf-8")


def test_security_headers(benchmark: BenchmarkFixture) -> None:
    fields = SecurityFields(SecurityHeadersConfig())
    benchmark(lambda: fields.add_to(RESPONSE.copy(), is_secure=True))


def test_csrf_source(benchmark: BenchmarkFixture) -> None:
    benchmark(SourceRules([]).allows, Source(origin=b"https://a.example"), "https", "a.example")


def test_csrf_token(benchmark: BenchmarkFixture) -> None:
    signer = TokenSigner(b"k" * 32)
    benchmark(signer.is_valid, signer.make(b"sid=1", 7), b"sid=1")


def test_version_stage(benchmark: BenchmarkFixture) -> None:
    life = VersionLife(VersionConfig(deprecated="2026-06-01", sunset="2026-12-01"))
    benchmark(life.stage, 1_790_000_000.0)
