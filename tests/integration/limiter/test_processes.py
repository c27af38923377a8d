"""Limits across real processes: one budget, whoever asks, in Redis and in memory that processes share."""

from __future__ import annotations

import socket
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from tests.integration.limiter.conftest import SAMPLE, Serve, SlowUpstream, key_of, keys
from tests.integration.redis_server import RedisServer


def asked(port: int, count: int, headers: dict[str, str] | None = None, path: str = "/a") -> Iterator[Any]:
    """The answers to *count* requests over one connection."""
    connection = HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        for _ in range(count):
            connection.request("GET", path, headers=headers or {})
            response = connection.getresponse()
            response.read()
            yield response
    finally:
        connection.close()


def hammered(ports: list[int], each: int, headers: dict[str, str] | None = None, path: str = "/a") -> Counter[int]:
    """The statuses of *each* requests to each of *ports* at the same time, over two connections each."""

    def statuses(port: int) -> list[int]:
        return [response.status for response in asked(port, each // 2, headers, path)]

    with ThreadPoolExecutor(len(ports) * 2) as pool:
        return Counter(status for found in pool.map(statuses, ports * 2) for status in found)


@pytest.fixture(params=["redis", "shared"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    if request.param == "shared":
        return {"kind": "shared", "path": str(tmp_path / "counters")}
    server: RedisServer = request.getfixturevalue("redis_server")
    # A busy machine must not turn into a store that is away.
    return {"kind": "redis", "url": server.url, "timeout": "10s"}


BUDGET = 137
#: By path; windows are long enough that none ends in the middle.
EACH_OF_137 = {
    "bucket": {"rate": "137/day"},
    "fixed": {"algorithm": "fixed_window", "rate": "137/100d"},
    "sliding": {"algorithm": "sliding_window", "rate": "137/100d"},
    "quota": {"algorithm": "quota", "quota": 137, "per": "month"},
    "costly": {"rate": "411/day", "cost": 3},
}


def test_processes_together_admit_exactly_the_budget(serve: Serve, store: dict[str, Any]) -> None:
    """Three gateways that are hammered at the same time let through what one would: the budget, no more and no less."""
    routes = [{"match": {"path": f"/{name}"}, "respond": {"status": 204}, "limit": name} for name in EACH_OF_137]
    ports = serve(3, {"limits": EACH_OF_137, "routes": routes, "store": store})
    for name in EACH_OF_137:
        assert {204: BUDGET, 429: 300 - BUDGET} == hammered(ports, 100, path=f"/{name}"), name


def test_tiers_of_the_sample_hold_across_processes(serve: Serve, redis_server: RedisServer) -> None:
    """100 a minute by address (20 at once), 1,000 by user, 10,000 by premium user, whichever gateway is asked."""
    parts = {
        "auth": keys(acme="premium", beta="", gamma="gold"),
        "limits": SAMPLE,
        # The limit stands before the question whether a request may: those without a key count, and get 401.
        "routes": [{"match": {"path": "/*"}, "respond": {"status": 204}, "limit": "standard", "auth": "keys"}],
        "store": {"kind": "redis", "url": redis_server.url, "timeout": "10s"},
    }
    ports = serve(2, parts)
    for user, per_minute, each in (("beta", 1000, 700), ("gamma", 1000, 700)):
        started_s = time.monotonic()
        found = hammered(ports, each, {"X-API-Key": key_of(user)})
        earned = (time.monotonic() - started_s) * per_minute / 60
        assert per_minute <= found[204] <= per_minute + earned
        assert 2 * each == found[204] + found[429]
    started_s = time.monotonic()
    found = hammered(ports, 40)
    assert 20 <= found[401] <= 20 + (time.monotonic() - started_s) * 100 / 60
    assert 80 == found[401] + found[429]
    # One comes back every 6 ms; were the budgets two, the last process would have lost only its own share.
    started_s = time.monotonic()
    *_, last = (answer for port in ports for answer in asked(port, 20, {"X-API-Key": key_of("acme")}))
    earned = (time.monotonic() - started_s) * 10000 / 60
    assert '"standard";q=10000;w=60' == last.headers["RateLimit-Policy"]
    assert 10000 - 20 * len(ports) <= int(last.headers["X-RateLimit-Remaining"]) <= 10000 - 20 * len(ports) + earned


@pytest.mark.parametrize(("on_failure", "away"), [("allow", 204), ("deny", 503)])
def test_redis_that_goes_away_and_comes_back(
    serve: Serve, redis_server: RedisServer, on_failure: str, away: int
) -> None:
    """Without Redis every request is let through or refused at once, as told; when it is back, limits count again."""
    limit = {"rate": "1/day", "on_store_failure": on_failure}
    route = {"match": {"path": "/*"}, "respond": {"status": 204}, "limit": "it"}
    parts = {"limits": {"it": limit}, "routes": [route], "store": {"kind": "redis", "url": redis_server.url}}
    (port,) = serve(1, parts)
    await_status(port, 429)
    redis_server.kill()
    await_status(port, away)
    started_s = time.monotonic()
    assert {away: 200} == hammered([port], 200)
    assert time.monotonic() - started_s < 5
    redis_server.start()
    await_status(port, 429)


def await_status(port: int, status: int) -> None:
    """Ask until the answer is *status*."""
    end_s = time.monotonic() + 20
    while [response.status for response in asked(port, 1)] != [status]:
        assert time.monotonic() < end_s, f"no {status}"


def test_place_of_a_process_that_was_killed_is_free_when_its_lease_is_over(
    serve: Serve, redis_server: RedisServer, upstream: SlowUpstream
) -> None:
    """A place is a lease in Redis with an end: nobody has to clean up after a crash, and nobody cleans up too early."""
    parts = {
        "limits": {"it": {"algorithm": "concurrency", "in_flight": 1, "lease": "60s"}},
        "services": {"slow": {"targets": [upstream.url]}},
        "routes": [
            {"match": {"path": "/slow"}, "service": "slow", "limit": "it"},
            {"match": {"path": "/*"}, "respond": {"status": 204}, "limit": "it"},
        ],
        "store": {"kind": "redis", "url": redis_server.url, "timeout": "10s"},
    }
    doomed, port = serve(2, parts)
    assert {204: 20} == Counter(response.status for response in asked(doomed, 20))
    with socket.create_connection(("127.0.0.1", doomed)) as client:
        client.sendall(b"GET /slow HTTP/1.1\r\nHost: a\r\n\r\n")
        upstream.wait_request()
        serve.programs[0].process.kill()
        serve.programs[0].process.wait()
    assert [429] == [response.status for response in asked(port, 1)]
    key = redis_server.ask("RANDOMKEY")
    assert 50_000 < int(redis_server.ask("PTTL", key.encode("latin-1"))) <= 90_000
