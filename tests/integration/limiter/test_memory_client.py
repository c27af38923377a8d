"""Limits in a whole gateway whose time a test sets."""

from __future__ import annotations

import json

import pytest

from vizgate import Request, Response
from vizgate.limiter.limit import Limit
from vizgate.testing import ManualClock, MemoryClient

KEYS = {"acme": "premium", "beta": "", "gold": "gold"}


def configuration(**parts) -> str:
    text = {
        "version": 1,
        "services": {"echo": {"builtin": "echo"}, "users": {"targets": ["http://127.0.0.1:1"]}},
        "limits": {
            "standard": {
                "algorithm": "token_bucket",
                "tiers": {
                    "anonymous": {"rate": "100/minute", "burst": 20, "key": "ip"},
                    "authenticated": {"rate": "1000/minute", "key": "user"},
                    "premium": {"rate": "10000/minute", "key": "user"},
                },
            },
            "login": {"rate": "5/minute", "key": ["ip", "header:X-Device"]},
        },
        **parts,
    }
    return json.dumps(text)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


async def test_login_of_the_sample_counts_by_address_and_device(clock):
    """Five at once for each address and device; a minute later all are back, and no more than all."""
    routes = [{"match": {"path": "/login"}, "service": "echo", "limit": "login"}]
    async with MemoryClient(configuration(routes=routes), clock=clock) as client:

        async def passed(device: str, count: int = 8) -> int:
            fields = {"X-Device": device}
            return sum([(await client.post("/login", headers=fields)).status == 200 for _ in range(count)])

        assert (5, 5, 0) == (await passed("a"), await passed("b"), await passed("a"))
        clock.advance(12)
        assert 1 == await passed("a")
        clock.advance(86_400)
        assert 5 == await passed("a")


async def test_clock_that_is_set_back_opens_nothing_and_shuts_nothing_for_long(clock):
    """A correction of the clock by an hour gives no token, and costs at most the time that a full bucket takes."""
    routes = [{"match": {"path": "/login"}, "service": "echo", "limit": "login"}]
    async with MemoryClient(configuration(routes=routes), clock=clock) as client:
        for _ in range(5):
            await client.get("/login")
        clock.set_wall(clock.wall() - 3600)
        refused = await client.get("/login")
        assert (429, "12") == (refused.status, refused.headers["Retry-After"])
        clock.advance(12)
        assert 200 == (await client.get("/login")).status


async def test_every_kind_of_route_has_its_limit(clock):
    """A limit holds for services, redirects and fixed answers, by default and by name, and `none` lifts it."""
    ends = {"service": "echo", "redirect": {"to": "https://a/"}, "respond": {"status": 204}}
    routes = [{"match": {"path": f"/{key}"}, key: value} for key, value in ends.items()]
    routes.append({"match": {"path": "/free"}, "service": "echo", "limit": "none"})
    routes.append({"match": {"path": "/tight"}, "service": "echo", "limit": ["login", "once"]})
    text = configuration(routes=routes, defaults={"limit": "once"}, limits={
        "once": {"rate": "1/hour", "key": ["ip", "route"]}, "login": {"rate": "5/minute"},
    })  # fmt: skip
    async with MemoryClient(text, clock=clock) as client:
        for path, status in (("/service", 200), ("/redirect", 307), ("/respond", 204), ("/tight", 200)):
            first, second = await client.get(path), await client.get(path)
            assert (status, 429) == (first.status, second.status)
            assert '"once";r=0;t=3600' == first.headers["RateLimit"] == second.headers["RateLimit"]
            assert "3600" == second.headers["Retry-After"]
        free = await client.get("/free")
        assert (200, False) == (free.status, "RateLimit" in free.headers)


async def test_limit_stands_before_the_body_is_read_and_the_refusal_is_a_problem(clock):
    """A refused request never reaches its service."""
    seen = []

    async def users(request: Request) -> Response:
        seen.append(request.path)
        return Response(200)

    routes = [{"name": "r", "match": {"path": "/*"}, "service": "users", "limit": "one"}]
    text = configuration(routes=routes, limits={"one": {"rate": "1/minute"}})
    async with MemoryClient(text, clock=clock, services={"users": users}) as client:
        await client.post("/a", body=b"x")
        refused = await client.post("/b", body=b"x" * 100_000)
        assert (429, "application/problem+json") == (refused.status, refused.headers["Content-Type"])
        assert {"type", "title", "status", "detail", "request_id"} == set(refused.json())
        assert ["/a"] == seen


async def test_cost_of_the_upstreams_field_is_charged_and_hidden(clock):
    """What an upstream says that a request cost is spent, and is not told to the client."""

    async def users(request: Request) -> Response:
        response = Response(200)
        response.headers["X-Tokens"] = "40"
        return response

    routes = [{"match": {"path": "/*"}, "service": "users", "limit": "tokens"}]
    limits = {"tokens": {"algorithm": "quota", "quota": 100, "per": "day", "cost": "response:X-Tokens"}}
    async with MemoryClient(
        configuration(routes=routes, limits=limits), clock=clock, services={"users": users}
    ) as client:
        answers = [await client.get("/a") for _ in range(4)]
        assert [200, 200, 200, 429] == [answer.status for answer in answers]
        assert ["60", "20", "0", "0"] == [answer.headers["X-RateLimit-Remaining"] for answer in answers]
        assert all("X-Tokens" not in answer.headers for answer in answers)
        clock.advance(float(answers[-1].headers["Retry-After"]))
        assert 200 == (await client.get("/a")).status


@pytest.mark.parametrize("kind", ["memory", "shared"])
async def test_quota_survives_a_restart_until_its_period_ends(clock, kind, tmp_path):
    """What was used this month is still used after a restart; next month it is not."""
    store = {"kind": kind, "persist" if kind == "memory" else "path": str(tmp_path / "counters")}
    routes = [{"match": {"path": "/*"}, "service": "echo", "limit": "monthly"}]
    limits = {"monthly": {"algorithm": "quota", "quota": 3, "per": "month"}}
    text = configuration(routes=routes, limits=limits, store=store)
    for left in ("2", "1", "0"):
        async with MemoryClient(text, clock=clock) as client:
            assert left == (await client.get("/")).headers["X-RateLimit-Remaining"]
        clock.advance(86_400)
    async with MemoryClient(text, clock=clock) as client:
        refused = await client.get("/")
        assert (429, str(28 * 86_400)) == (refused.status, refused.headers["Retry-After"])
        clock.advance(28 * 86_400)
        assert 200 == (await client.get("/")).status


async def test_spoofed_forwarding_fields_give_no_budget(clock):
    """Whatever an untrusted client says about where it comes from, it has one budget."""
    routes = [{"match": {"path": "/*"}, "service": "echo", "limit": "login"}]
    limits = {"login": {"rate": "5/minute"}}
    async with MemoryClient(configuration(routes=routes, limits=limits), clock=clock) as client:
        fields = ("X-Forwarded-For", "Forwarded", "X-Real-IP", "X_Forwarded_For", "X-Client-IP", "True-Client-IP")
        passed = 0
        for number in range(60):
            value = f"10.0.0.{number}"
            name = fields[number % len(fields)]
            passed += (
                await client.get("/", headers={name: f"for={value}" if name == "Forwarded" else value})
            ).status == 200
        assert 5 == passed


async def test_metrics_count_decisions_by_limit_tier_and_outcome(clock):
    """What was let through and what was refused is in the metrics."""
    routes = [{"match": {"path": "/*"}, "service": "echo", "limit": "standard"}]
    async with MemoryClient(configuration(routes=routes), clock=clock) as client:
        for _ in range(25):
            await client.get("/")
        text = client.gateway.state.metrics.exposition("text/plain")[1].decode()
        assert 'vizgate_limit_decisions_total{limit="standard",outcome="allowed",tier="anonymous"} 20' in text
        assert 'vizgate_limit_decisions_total{limit="standard",outcome="refused",tier="anonymous"} 5' in text


@pytest.mark.slow
async def test_million_addresses_do_not_grow_the_gateway(clock):
    """A million clients, each with an address of its own, leave no more keys than the store may keep."""
    routes = [{"match": {"path": "/*"}, "respond": {"status": 204}, "limit": "standard"}]
    text = configuration(routes=routes, store={"kind": "memory", "keys": 10_000})
    async with MemoryClient(text, clock=clock) as client:
        (limit,) = [part for part in client.gateway._present.generation.components if isinstance(part, Limit)]
        for number in range(1_000_000):
            request = Request("GET", b"/", client=f"{number >> 16}.{number >> 8 & 255}.{number & 255}.7")
            limit.ask(request)
        assert 10_000 == len(client.gateway.state.store)
        assert 204 == (await client.get("/")).status
