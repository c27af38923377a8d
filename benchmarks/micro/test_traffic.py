"""What one decision costs about where a request goes: split, mirror, fault."""

from __future__ import annotations

from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.traffic.config import FaultConfig, SplitEntryConfig
from vizgate.traffic.fault import Fault
from vizgate.traffic.split import Split, SplitRule

FIELDS = [(b"Host", b"a"), *[(b"X-%d" % n, b"v") for n in range(8)], (b"Cookie", b"a=1; session=abcdef; b=2")]
REQUEST = Request("GET", b"/", Headers([*FIELDS]), client="192.0.2.7", id="1")


def split(by: str) -> Split:
    ways = [
        SplitEntryConfig(service="stable", weight=95),
        SplitEntryConfig(service="canary", weight=5, header={"X-Canary": "yes"}),
    ]
    return Split(ways, [lambda _request: None] * 2, by, "shop")


def test_split_rule(benchmark: BenchmarkFixture) -> None:
    benchmark(SplitRule([95, 5], "shop").index_of, b"192.0.2.7")


def test_split_by_ip(benchmark: BenchmarkFixture) -> None:
    benchmark(split("ip"), REQUEST)


def test_split_by_cookie(benchmark: BenchmarkFixture) -> None:
    benchmark(split("cookie:session"), REQUEST)


def test_fault_without_the_secret(benchmark: BenchmarkFixture) -> None:
    layer = Fault(FaultConfig(status=503, header="X-Fault", secret="s"))
    benchmark(layer, REQUEST, lambda _request: None)
