"""What a runbook needs: each call, and what a client on the public listener sees of it."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from tests.integration.admin.bench import Bench, serving
from tests.integration.health.bench import turn_until
from vizgate import BackgroundService
from vizgate.testing import ScriptedUpstream
from vizgate.testing.steps import answer

CACHED = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nSurrogate-Key: a b\r\nContent-Length: 2\r\n\r\nok"


async def test_limit_is_changed_and_reset() -> None:
    """The new rate holds for the next request; back at the old one, what was counted by it still is."""
    async with serving() as bench:
        assert [200, 200, 429] == await bench.statuses("/login", 3)
        status, limit = await bench.admin("PUT", "/limits/login", {"rate": "4/minute"})
        assert (200, True, "4/minute", "2/minute") == (
            status, limit["changed"], limit["lines"][0]["limit"], limit["lines"][0]["configured"]
        )  # fmt: skip
        assert [200] * 4 + [429] == await bench.statuses("/login", 5)
        status, limit = await bench.admin("DELETE", "/limits/login")
        assert (200, False, 6, 2) == (
            status, limit["changed"], limit["lines"][0]["allowed"], limit["lines"][0]["refused"]
        )  # fmt: skip
        assert [429] == await bench.statuses("/login", 1)


async def test_one_tier_is_changed_and_keeps_what_was_not_said() -> None:
    """The burst stays; the other tier, too."""
    async with serving() as bench:
        _, limit = await bench.admin("PUT", "/limits/tiers", {"tier": "anonymous", "rate": "50/minute"})
        assert [("anonymous", "50/minute, 20 at once"), ("gold", "1000/minute")] == [
            (line["tier"], line["limit"]) for line in limit["lines"]
        ]
        _, limits = await bench.admin("GET", "/limits")
        assert [("login", False), ("tiers", True), ("places", False)] == [
            (limit["name"], limit["changed"]) for limit in limits["limits"]
        ]


@pytest.mark.parametrize(
    ("path", "said", "status", "reason"),
    [
        ("/limits/nobody", {"rate": "1/minute"}, 404, "no limit that a route keeps"),
        ("/limits/login", {}, 422, "there is no number"),
        ("/limits/login", {"tier": "gold", "rate": "1/minute"}, 404, "no such tier; it has none at all"),
        ("/limits/tiers", {"rate": "1/minute"}, 404, "no such tier; it has anonymous, gold"),
        ("/limits/places", {"rate": "1/minute"}, 409, "which concurrency does not use"),
        ("/limits/login", {"rate": "fast"}, 422, "does not say what it must"),
        ("/limits/login", {"rate": "1/minute", "key": "user"}, 422, "does not say what it must"),
        ("/limits/places", {"in_flight": 2.5}, 422, "does not say what it must"),
        ("/limits/places", {"in_flight": "2"}, 422, "does not say what it must"),
    ],
)
async def test_limit_that_cannot_be_is_refused(path: str, said: dict[str, object], status: int, reason: str) -> None:
    """And everything is as before."""
    async with serving() as bench:
        found, problem = await bench.admin("PUT", path, said)
        assert status == found
        assert reason in problem["detail"]
        _, limits = await bench.admin("GET", "/limits")
        assert not any(limit["changed"] for limit in limits["limits"])


async def test_blocked_client_is_refused_until_its_time() -> None:
    """Before routing, on every path; the admin listener still answers, and it ends by itself."""
    async with serving(public_endpoints=["health"]) as bench:
        status, block = await bench.admin("PUT", "/blocks/127.0.0.0/8", {"for": "1h", "reason": "scraper"})
        assert (200, "127.0.0.0/8", "scraper") == (status, block["network"], block["reason"])
        assert [403] * 4 == [(await bench.ask(path)).status for path in ("/x", "/login", "/health", "/no")]
        refused = await bench.ask()
        assert b"blocked" in refused.body
        assert refused.get(b"x-request-id")
        assert (200, {"blocks": [block]}) == await bench.admin("GET", "/blocks")
        assert "vizgate_requests_blocked_total 5.0" in bench.gateway.state.metrics.exposition()[1].decode()
        bench.clock.advance(3599.0)
        assert 403 == (await bench.ask()).status
        bench.clock.advance(1.0)
        assert 200 == (await bench.ask()).status
        assert (200, {"blocks": []}) == await bench.admin("GET", "/blocks")


async def test_block_goes_by_the_client_behind_a_trusted_proxy() -> None:
    """And is lifted by name, however that is written."""
    async with serving(trusted_proxies=["127.0.0.1"]) as bench:
        await bench.admin("PUT", "/blocks/203.0.113.7", {"for": "15m"})
        of = "X-Forwarded-For: 203.0.113.7"
        assert [403, 200] == [(await bench.ask("/x", *fields)).status for fields in ([of], [])]
        status, lifted = await bench.admin("DELETE", "/blocks/203.0.113.7%2F32")
        assert (200, None) == (status, lifted["until"])
        assert 200 == (await bench.ask("/x", of)).status
        assert 404 == (await bench.admin("DELETE", "/blocks/203.0.113.7"))[0]


@pytest.mark.parametrize(
    ("path", "said", "status"),
    [
        ("/blocks/rubbish", {"for": "1h"}, 404),
        ("/blocks/10.0.0.1/8", {"for": "1h"}, 404),
        ("/blocks/10.0.0.1", {}, 422),
        ("/blocks/10.0.0.1", {"for": "61d"}, 422),
        ("/blocks/10.0.0.1", {"for": 3600}, 422),
        ("/blocks/10.0.0.1", {"for": "1h", "until": 0}, 422),
    ],
)
async def test_block_that_cannot_be_is_refused(path: str, said: dict[str, object], status: int) -> None:
    """With the reason, and nobody is kept out."""
    async with serving() as bench:
        assert status == (await bench.admin("PUT", path, said))[0]
        assert not bench.gateway.state.blocked.is_active


async def test_log_level_is_raised_for_a_time() -> None:
    """And goes back by itself, or when somebody says so."""
    logger = logging.getLogger("vizgate")
    before = logger.level
    async with serving() as bench:
        status, level = await bench.admin("PUT", "/log-level", {"level": "debug", "for": "5m"})
        assert (200, "debug", True) == (status, level["level"], level["changed"])
        assert logging.DEBUG == logger.level
        bench.clock.advance(301.0)
        await turn_until(lambda: logger.level == before)
        assert (await bench.admin("GET", "/log-level"))[1]["until"] is None
        await bench.admin("PUT", "/log-level", {"level": "error"})
        assert logging.ERROR == logger.level
        await bench.admin("DELETE", "/log-level")
        assert before == logger.level


@pytest.mark.parametrize(
    ("said", "purged", "asked"),
    [
        ({"url": "http://a.example/x"}, 1, 1),
        ({"tag": "b"}, 2, 2),
        ({"all": True}, 2, 2),
        ({"url": "http://a.example/z"}, 0, 0),
    ],
)
async def test_cache_is_purged(said: dict[str, object], purged: int, asked: int) -> None:
    """What was forgotten is asked for again, and the rest is not."""
    async with ScriptedUpstream([answer(CACHED)]) as upstream:
        parts = {
            "services": {"a": {"targets": [upstream.url]}},
            "limits": {},
            "routes": [{"match": {"path": "/*"}, "service": "a", "middleware": [{"use": "cache"}]}],
        }
        async with serving(parts) as bench:
            for _ in range(2):
                assert [200, 200] == [(await bench.ask(path)).status for path in ("/x", "/y")]
            assert 2 == len(upstream.complete_requests)
            assert (200, {"purged": purged}) == await bench.admin("POST", "/cache/purge", said)
            assert [200, 200] == [(await bench.ask(path)).status for path in ("/x", "/y")]
            assert 2 + asked == len(upstream.complete_requests)


@pytest.mark.parametrize("said", [{}, {"url": "/x"}, {"tag": ""}, {"all": False}, {"all": True, "tag": "a"}])
async def test_purge_of_nothing_in_particular_is_refused(said: dict[str, object]) -> None:
    """Nobody purges everything by mistake."""
    async with serving() as bench:
        assert 422 == (await bench.admin("POST", "/cache/purge", said))[0]


async def test_drained_gateway_fails_readiness_and_serves() -> None:
    """Until somebody takes it back."""
    async with serving() as bench:
        assert (200, {"phase": "draining"}) == await bench.admin("POST", "/drain")
        assert 503 == (await bench.admin("GET", "/readiness"))[0]
        assert "draining" == (await bench.admin("GET", "/status"))[1]["phase"]
        assert [200, 200] == [(await bench.ask()).status, (await bench.admin("GET", "/liveness"))[0]]
        assert (200, {"phase": "ready"}) == await bench.admin("POST", "/undrain")
        assert 200 == (await bench.admin("GET", "/readiness"))[0]


async def test_breaker_is_forced() -> None:
    """Its clients get 503 until it is given back."""
    async with ScriptedUpstream([answer(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]) as upstream:
        parts = {
            "services": {"a": {"targets": [upstream.url], "breaker": {}}},
            "limits": {},
            "routes": [{"match": {"path": "/*"}, "service": "a"}],
        }
        async with serving(parts) as bench:
            assert 200 == (await bench.admin("POST", "/services/a/breaker/open"))[0]
            assert 503 == (await bench.ask()).status
            await bench.admin("POST", "/services/a/breaker/auto")
            assert 200 == (await bench.ask()).status


async def test_status_routes_and_config_are_shown() -> None:
    """Routes in order of precedence, secrets nowhere."""
    async with serving(token="t0ken-t0ken-t0ken", admin_token="t0ken-t0ken-t0ken") as bench:
        bench.clock.advance(5.0)
        _, status = await bench.admin("GET", "/status")
        assert ("ready", 5.0, 0, 2, 1) == tuple(
            status[name] for name in ("phase", "uptime_s", "connections", "routes", "services")
        )
        _, routes = await bench.admin("GET", "/routes")
        assert ["login", "all"] == [route["name"] for route in routes["routes"]]
        assert ["login", "tiers", "places"] == routes["routes"][0]["limit"]
        response = await bench.admin_raw("GET", "/config")
        assert b"t0ken-t0ken-t0ken" not in response.body
        assert b'"admin_token":"**********"' in response.body


class NotYet(BackgroundService):
    """Wants no traffic as long as it runs."""

    async def run(self) -> None:
        self.unready = "warming up"
        await asyncio.Event().wait()


async def test_status_says_what_readiness_says() -> None:
    """A required service that nobody can ask, or a plugin that wants no traffic yet, and neither of them."""
    services = {"a": {"targets": ["http://127.0.0.1:1"], "required": True}}
    parts = {"services": services, "routes": [{"match": {"path": "/*"}, "service": "a"}], "limits": {}}
    for more in ({}, {"plugins": [{"use": f"{__name__}:NotYet"}]}):
        async with serving({**parts, **more}) as bench:
            await asyncio.sleep(0)
            expected = {"plugins": {f"{__name__}:NotYet": "warming up"}} if more else {}
            assert expected == await _standing(bench)
            await bench.admin("POST", "/services/a/targets/127.0.0.1:1/drain")
            assert {"unavailable": ["a"], **expected} == await _standing(bench)


async def _standing(bench: Bench) -> dict[str, Any]:
    """Why ``/status`` calls the gateway unavailable, {} where it is ready; ``/readiness`` agrees."""
    status, told = await bench.admin("GET", "/readiness")
    _, document = await bench.admin("GET", "/status")
    reasons = {name: document[name] for name in ("unavailable", "plugins") if document[name]}
    assert (503 if reasons else 200, "unavailable" if reasons else "ready") == (status, told["status"])
    assert document["phase"] == told["status"]
    return reasons
