"""Breakers, bulkheads, fallbacks, deadlines and shedding, over real sockets."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.doors import DoorFactory, configuration, gateway_of
from tests.integration.faults.rig import RETRY, ask, before, request
from vizgate.config import GatewayConfig, load_text
from vizgate.gateway.server import Gateway
from vizgate.gateway.service_parts.breakers import breaker_states, force_breakers
from vizgate.testing.raw_client import RawClient, RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, reset, send, stall, wait

ERROR = b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n"
BREAKER = {"minimum_requests": 4, "open_for": "60s"}


async def test_open_breaker_lets_nothing_through(door: DoorFactory) -> None:
    """After four failures the target is asked no more; clients are told when to come again."""
    async with ScriptedUpstream([answer(ERROR)]) as bad, door(before(bad, breaker=BREAKER)) as opened:
        assert [500] * 4 == [(await ask(opened)).status for _ in range(4)]
        refused = await ask(opened)
        assert 503 == refused.status
        assert 60 <= int(refused.get(b"retry-after") or 0) <= 67
        assert 4 == len(bad.complete_requests)
    assert "circuit_open" == opened.records()[-1]["termination"]


async def test_open_breaker_of_one_target_leaves_the_others(door: DoorFactory) -> None:
    """By target: the good one has all of the traffic then."""
    async with ScriptedUpstream([answer(ERROR)]) as bad, ScriptedUpstream() as good:
        async with door(before(bad, good, breaker=BREAKER)) as opened:
            for _ in range(8):
                await ask(opened)
            assert [200] * 6 == [(await ask(opened)).status for _ in range(6)]
        assert 4 == len(bad.complete_requests)


async def test_half_open_breaker_tries_as_many_as_allowed(tmp_path: Path) -> None:
    """A hundred requests at once when it is half open: three reach the target; their answers close it."""
    release = asyncio.Event()
    wave = [read_request(), wait(release), send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), answer()]
    async with ScriptedUpstream(*[[answer(ERROR)]] * 4, wave) as target:
        config = before(target, breaker={**BREAKER, "open_for": "1ms"}, pool={"max_idle": 0})
        async with gateway_of(tmp_path / "log", config) as gateway:
            port = gateway.addresses[0][1]
            assert [500] * 4 == [(await _ask(port)).status for _ in range(4)]
            await asyncio.sleep(0.01)  # the time it stays open, by the clock of the gateway
            # The trials hang for less than the time after which others are tried: it is long here.
            gateway.state.breakers[next(iter(gateway.state.breakers))].adopt(
                load_text(configuration(tmp_path / "x", before(target, breaker={**BREAKER, "window": "1s"})))
                .services["api"].breaker.settings  # type: ignore[union-attr]  # written in the line above
            )  # fmt: skip
            tasks = [asyncio.create_task(_ask(port)) for _ in range(100)]
            done: set[asyncio.Task[RawResponse]] = set()
            while len(done) < 97:
                done |= (await asyncio.wait(set(tasks) - done, return_when=asyncio.FIRST_COMPLETED, timeout=5))[0]
            assert {503} == {(await task).status for task in done}
            release.set()
            statuses = [(await task).status for task in tasks]
            assert (97, 3) == (statuses.count(503), statuses.count(200))
            assert 200 == (await _ask(port)).status
        assert 4 + 3 + 1 == len(target.complete_requests)


async def _ask(port: int) -> RawResponse:
    async with RawClient("127.0.0.1", port) as client:
        await client.send(request())
        return await client.read_response()


async def test_operator_may_open_and_close_the_breakers(tmp_path: Path) -> None:
    """Forced open nothing passes; closed, failures do; ``auto`` gives them back to their rules, over a reload too."""
    async with ScriptedUpstream() as good:
        config = before(good, breaker=BREAKER)
        async with gateway_of(tmp_path / "log", config) as gateway:
            port, state = gateway.addresses[0][1], gateway.state
            assert force_breakers(state, "api", "open")
            assert not force_breakers(state, "echo", "open")
            assert 503 == (await _ask(port)).status
            assert ["open (forced)"] == [*breaker_states(state, "api").values()]
            assert force_breakers(state, "api", "close")
            assert 200 == (await _ask(port)).status
            assert force_breakers(state, "api", "auto")
            assert ["closed"] == [*breaker_states(state, "api").values()]


async def test_bulkhead_turns_away_who_finds_no_place(door: DoorFactory) -> None:
    """One in flight, one waits, the third gets 503 with Retry-After; the one that waits is served then."""
    release = asyncio.Event()
    script = [read_request(), wait(release), send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), answer()]
    async with ScriptedUpstream(script) as slow:
        config = before(slow, max_in_flight=1, queue_timeout="30s", max_queued=1)
        async with door(config) as opened:
            first = asyncio.create_task(ask(opened))
            await slow.wait_for(lambda: len(slow.complete_requests) == 1)
            others = [asyncio.create_task(ask(opened)) for _ in range(2)]
            (refused,), (waiting,) = await asyncio.wait(others, return_when=asyncio.FIRST_COMPLETED)
            assert (503, b"1") == ((await refused).status, (await refused).get(b"retry-after"))
            assert 1 == len(slow.complete_requests)
            release.set()
            assert [200, 200] == [(await first).status, (await waiting).status]
    assert "overloaded" in [record["termination"] for record in opened.records()]


async def test_queue_ends_with_the_time_of_the_request(door: DoorFactory) -> None:
    """A request with less time than the queue leaves it when its own time is over, with 503: it was never sent.

    The place is held by another route, with more time: who of two has less is decided by the rules, not by the load.
    """
    release = asyncio.Event()
    script = [read_request(), wait(release), send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")]
    async with ScriptedUpstream(script) as slow:
        config = before(slow, max_in_flight=1, queue_timeout="60s", route={"timeout": "100ms"})
        config["routes"].append({"match": {"path": "/*", "methods": ["PUT"]}, "service": "api"})
        async with door(config) as opened:
            holding = asyncio.create_task(ask(opened, "PUT"))
            await slow.wait_for(lambda: len(slow.complete_requests) == 1)
            assert 503 == (await ask(opened)).status
            release.set()
            assert 200 == (await holding).status
        assert 1 == len(slow.complete_requests)


@pytest.mark.parametrize(
    ("fallback", "body"),
    [({"service": "echo"}, b'"method"'), ({"respond": {"status": 200, "json": {"from": "fallback"}}}, b'"fallback"')],
)
async def test_fallback_answers_for_a_service_that_cannot(
    door: DoorFactory, fallback: dict[str, object], body: bytes
) -> None:
    """Another service or a fixed answer, first for the 503 of the service, then because the breaker is open."""
    busy = b"HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nbusy"
    async with ScriptedUpstream([answer(busy)]) as bad:
        async with door(before(bad, breaker=BREAKER, route={"fallback": fallback})) as opened:
            for _ in range(6):
                response = await ask(opened, "PUT", b"payload")
                assert (200, True) == (response.status, body in response.body)
        assert 4 == len(bad.complete_requests)


async def test_place_is_free_while_the_fallback_answers(tmp_path: Path) -> None:
    """A service that has failed has nothing in flight: a slow fallback must not fill it up."""
    release = asyncio.Event()
    slow = [read_request(), wait(release), send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"), stall()]
    async with ScriptedUpstream([read_request(), reset()]) as bad, ScriptedUpstream(slow) as other:
        config = before(bad, max_in_flight=1, route={"fallback": {"service": "other"}})
        config["services"]["other"] = {"targets": [other.url], "max_in_flight": 1}
        async with gateway_of(tmp_path / "log", config) as gateway:
            asked = asyncio.create_task(_ask(gateway.addresses[0][1]))
            await other.wait_for(lambda: len(other.complete_requests) == 1)
            assert 0 == gateway.state.bulkheads["api"].in_flight
            release.set()
            assert 200 == (await asked).status
            assert [0, 0] == [bulkhead.in_flight for bulkhead in gateway.state.bulkheads.values()]


async def test_target_learns_how_much_time_is_left(door: DoorFactory) -> None:
    """Less for the second attempt than for the first, whatever the client says in that field."""
    async with ScriptedUpstream([answer(ERROR.replace(b"500", b"503"))]) as bad:
        config = before(
            bad,
            retry={**RETRY, "attempts": 2, "backoff": "20ms"},
            timeouts={"deadline_header": "X-Time-Left"},
            route={"timeout": "5s"},
        )
        async with door(config) as opened:
            assert 503 == (await ask(opened, "GET", b"", b"X-Time-Left: 999999")).status
        first, second = (int(each.get_all(b"x-time-left")[0]) for each in bad.complete_requests)
        assert 4000 < second <= first <= 5000


async def test_hard_pressed_gateway_turns_low_priority_away_first(tmp_path: Path) -> None:
    """Over its bound of memory: low gets 503 with Retry-After, critical is served, and health is never turned away."""
    config = {
        "server": {"public_endpoints": ["health"], "overload": {"memory": "1MiB", "retry_after": 9}},
        "services": {"echo": {"builtin": "echo"}},
        "routes": [
            {"match": {"path": "/low"}, "service": "echo", "priority": "low"},
            {"match": {"path": "/critical"}, "service": "echo", "priority": "critical"},
        ],
    }
    async with gateway_of(tmp_path / "log", config) as gateway:
        answers = {}
        for path in (b"/low", b"/critical", b"/health"):
            async with RawClient("127.0.0.1", gateway.addresses[0][1]) as client:
                await client.send(b"GET " + path + b" HTTP/1.1\r\nHost: a.example\r\n\r\n")
                answers[path] = await client.read_response()
    assert [503, 200, 200] == [response.status for response in answers.values()]
    assert b"9" == answers[b"/low"].get(b"retry-after")


def test_state_of_breakers_survives_a_reload(tmp_path: Path) -> None:
    """Compiled again with other settings, an open breaker is open still; without one nothing is left of it."""
    from vizgate.extension.registry import Registry
    from vizgate.gateway.adoption.draft import StateDraft
    from vizgate.gateway.build import compile_plan
    from vizgate.gateway.builtin import BUILTIN

    def config(**service: object):
        return load_text(configuration(tmp_path / "log", before("http://127.0.0.1:9", **service)))

    gateway = Gateway(config(breaker=BREAKER, max_in_flight=3))
    state = gateway.state
    force_breakers(state, "api", "open")
    state.bulkheads["api"].in_flight = 2

    def take(config: GatewayConfig) -> None:
        compile_plan(config, StateDraft(state), Registry(BUILTIN)).draft.adopt()

    take(config(breaker={**BREAKER, "open_for": "1s"}, max_in_flight=4))
    assert ["open (forced)"] == [*breaker_states(state, "api").values()]
    assert (2, 4) == (state.bulkheads["api"].in_flight, state.bulkheads["api"].limits.in_flight)
    take(config())
    assert ({}, {}) == (state.breakers, state.bulkheads)
    assert all(target.is_fit for target in state.targets.values())
