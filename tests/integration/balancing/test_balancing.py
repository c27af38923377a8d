"""Balancing over real sockets: every rule, priorities, zones, and clients that stay with their target."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import Door, DoorFactory, gateway_of
from vizgate.gateway.server import Gateway
from vizgate.pipeline.target_state import Block
from vizgate.testing.raw_client import RawClient, RawResponse
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import Step, answer, close, forever, read_request, send, wait

RULES: list[Any] = ["round_robin", "weighted", "least_connections", "random", "power_of_two", "ewma"]
RULES += [{"hash": {"on": "header:X-User"}}, {"use": "least_connections"}]


def named(number: int) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n%d" % number


@asynccontextmanager
async def upstreams(count: int) -> AsyncIterator[list[ScriptedUpstream]]:
    """As many servers, which answer with their number."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(ScriptedUpstream([answer(named(number))])) for number in range(count)]


def urls(servers: Sequence[ScriptedUpstream]) -> list[str]:
    return [server.url for server in servers]


def parts(targets: Sequence[Any], **service: Any) -> dict[str, Any]:
    return {
        "services": {"it": {"targets": list(targets), **service}},
        "routes": [{"name": "it", "match": {"path": "/*"}, "service": "it"}],
    }


@asynccontextmanager
async def gateway(tmp_path: Path, configuration: dict[str, Any]) -> AsyncIterator[tuple[Gateway, RawClient]]:
    running = gateway_of(tmp_path / "log", configuration)
    async with running, RawClient("127.0.0.1", running.addresses[0][1]) as client:
        yield running, client


async def ask(client: RawClient, *fields: str) -> RawResponse:
    lines = "".join(f"{field}\r\n" for field in fields)
    await client.send(f"GET /a HTTP/1.1\r\nHost: a\r\n{lines}\r\n".encode())
    return await client.read_response()


def refused_url() -> str:
    """Where nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize("rule", RULES, ids=str)
async def test_rule_spreads_requests_and_counts_them_to_the_end(tmp_path: Path, rule: Any) -> None:
    """Every rule asks all targets, and none counts anything in flight when all has ended."""
    async with upstreams(3) as servers, gateway(tmp_path, parts(urls(servers), balancer=rule)) as (running, client):
        answers = Counter([(await ask(client, f"X-User: {number}")).body for number in range(60)])
        assert {b"0", b"1", b"2"} == set(answers)
        assert [0, 0, 0] == [state.in_flight for state in running.state.targets.values()]


@pytest.mark.parametrize("rule", ["weighted", "least_connections"])
async def test_rule_follows_weights(tmp_path: Path, rule: str) -> None:
    """Three times the weight, three times the requests."""
    async with upstreams(2) as (heavy, light):
        targets = [{"url": heavy.url, "weight": 3}, {"url": light.url}]
        async with gateway(tmp_path, parts(targets, balancer=rule)) as (_, client):
            answers = Counter([(await ask(client)).body for _ in range(40)])
    assert Counter({b"0": 30, b"1": 10}) == answers


async def test_least_connections_leaves_out_who_is_busy(tmp_path: Path) -> None:
    """A target that has not answered yet gets no other request as long as there is one that has."""
    go_on = asyncio.Event()
    slow: list[Step] = [read_request(), wait(go_on), send(named(0)), forever(read_request(), send(named(0)))]
    async with ScriptedUpstream(slow) as busy, ScriptedUpstream([answer(named(1))]) as free:
        configuration = parts([busy.url, free.url], balancer="least_connections")
        async with gateway(tmp_path, configuration) as (running, client):
            waiting = asyncio.create_task(ask(client))
            await busy.wait_for(lambda: len(busy.complete_requests) == 1)
            async with RawClient("127.0.0.1", running.addresses[0][1]) as other:
                assert [b"1"] * 10 == [(await ask(other)).body for _ in range(10)]
                go_on.set()
                assert (await waiting).body == b"0"
                assert {b"0", b"1"} == {(await ask(other)).body for _ in range(4)}


async def test_ewma_observes_latencies(tmp_path: Path) -> None:
    """What targets took is known after they have answered; without a rule that asks for it nobody counts."""
    async with upstreams(2) as servers:
        addresses = urls(servers)
        async with gateway(tmp_path, parts(addresses, balancer="ewma")) as (running, client):
            for _ in range(20):
                await ask(client)
            assert all(0 < state.latency_s < 1 for state in running.state.targets.values())
        async with gateway(tmp_path, parts(addresses, balancer="power_of_two")) as (running, client):
            await ask(client)
            assert [0.0, 0.0] == [state.latency_s for state in running.state.targets.values()]


async def test_hash_keeps_users_with_their_targets_when_another_is_out(tmp_path: Path) -> None:
    """Equal values go to one target; when a target is out its users are spread, and nobody else moves."""
    async with upstreams(4) as servers:
        configuration = parts(urls(servers), balancer={"hash": {"on": "header:X-User"}})
        async with gateway(tmp_path, configuration) as (running, client):

            async def homes() -> list[bytes]:
                return [(await ask(client, f"X-User: {number}")).body for number in range(40)]

            before = await homes()
            assert before == await homes()
            state = running.state.targets["it", servers[2].url.removeprefix("http://"), 1]
            state.block(Block.UNHEALTHY)
            during = await homes()
            assert b"2" not in during
            assert all(old == new for old, new in zip(before, during, strict=True) if old != b"2")
            state.unblock(Block.UNHEALTHY, 0.0)
            assert before == await homes()


async def test_priority_takes_over_for_a_request_that_nobody_else_answers(tmp_path: Path) -> None:
    """A group stands by: it is asked when no target of a better one can be connected to, or all are out."""
    async with upstreams(2) as (first, second):
        stand_by = {"url": second.url, "priority": 1}
        async with gateway(tmp_path, parts([first.url, stand_by])) as (running, client):
            assert {b"0"} == {(await ask(client)).body for _ in range(5)}
            running.state.targets["it", first.url.removeprefix("http://"), 1].block(Block.DRAINED)
            assert {b"1"} == {(await ask(client)).body for _ in range(5)}
        for more in ({}, {"balancer": "least_connections"}):
            async with gateway(tmp_path, parts([refused_url(), stand_by], **more)) as (_, client):
                assert {b"1"} == {(await ask(client)).body for _ in range(3)}


async def test_zone_of_the_gateway_goes_first(tmp_path: Path) -> None:
    """Near targets are asked, others when none of them is left."""
    async with upstreams(2) as (near, far):
        targets = [{"url": far.url, "zone": "b"}, {"url": near.url, "zone": "a"}]
        async with gateway(tmp_path, {"server": {"zone": "a"}, **parts(targets)}) as (running, client):
            assert {b"0"} == {(await ask(client)).body for _ in range(5)}
            running.state.targets["it", near.url.removeprefix("http://"), 1].block(Block.EJECTED)
            assert {b"1"} == {(await ask(client)).body for _ in range(5)}


# affinity


def cookie_of(response: RawResponse) -> str:
    """The cookie that *response* sets, as a client sends it back; "" for none."""
    lines = response.get_all(b"set-cookie")
    return f"Cookie: {lines[0].partition(b';')[0].decode()}" if lines else ""


async def ask_once(door: Door, *fields: str) -> RawResponse:
    async with door.client() as client:
        return await ask(client, *fields)


async def test_affinity_client_stays(door: DoorFactory) -> None:
    """A client with the cookie comes to its target every time, and is told nothing new."""
    async with upstreams(3) as servers, door(parts(urls(servers), affinity={"cookie": "VZSID"})) as opened:
        for _ in range(3):
            first = await ask_once(opened)
            (line,) = first.get_all(b"set-cookie")
            assert line.startswith(b"VZSID=")
            assert line.endswith(b"; Path=/; HttpOnly; SameSite=Lax")
            for _ in range(4):
                again = await ask_once(opened, "Cookie: theme=dark", cookie_of(first))
                assert (first.body, []) == (again.body, again.get_all(b"set-cookie"))


COOKIES = ["VZSID=", "VZSID=x.y", "VZSID=127.0.0.1:80", "VZSID=\xff\xfe", "VZSID=" + "A" * 3000]


@pytest.mark.parametrize("cookie", COOKIES, ids=range(5))
async def test_affinity_cookie_of_the_clients_own_making_is_ignored(door: DoorFactory, cookie: str) -> None:
    """It leads nowhere in particular, and is replaced."""
    async with (
        upstreams(2) as servers,
        door(parts(urls(servers), affinity={"cookie": "VZSID"})) as opened,
        opened.client() as client,
    ):
        bodies = set()
        for _ in range(4):
            await client.send(f"GET /a HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n".encode("latin-1"))
            response = await client.read_response()
            bodies.add(response.body)
            assert len(response.get_all(b"set-cookie")) == 1
    assert {b"0", b"1"} == bodies


async def test_affinity_client_of_a_dead_target_moves_and_stays_there(door: DoorFactory) -> None:
    """When its target is gone another answers, under a new cookie, which holds."""
    async with upstreams(1) as (alive,), ScriptedUpstream([read_request(), send(named(9)), close()]) as dying:
        configuration = parts([dying.url, alive.url], affinity={"cookie": "VZSID"})
        async with door(configuration) as opened:
            first = await ask_once(opened)
            assert first.body == b"9"
            await dying.__aexit__(None, None, None)
            moved = await ask_once(opened, cookie_of(first))
            assert moved.body == b"0"
            assert cookie_of(moved) not in {"", cookie_of(first)}
            again = await ask_once(opened, cookie_of(moved))
            assert (b"0", []) == (again.body, again.get_all(b"set-cookie"))
            await dying.__aenter__()


async def test_affinity_drained_target_keeps_its_clients_and_gets_no_new_ones(tmp_path: Path) -> None:
    """What an operator takes out of use is left by its clients one by one, as their sessions end."""
    async with upstreams(2) as servers:
        configuration = parts(urls(servers), affinity={"cookie": "VZSID"})
        async with gateway(tmp_path, configuration) as (running, client):
            old = await ask(client)
            assert old.body == b"0"
            state = running.state.targets["it", servers[0].url.removeprefix("http://"), 1]
            state.block(Block.DRAINED)
            assert {b"0"} == {(await ask(client, cookie_of(old))).body for _ in range(3)}
            assert {b"1"} == {(await ask(client)).body for _ in range(3)}
            state.block(Block.UNHEALTHY)
            assert (await ask(client, cookie_of(old))).body == b"1"


async def test_affinity_gateways_with_one_secret_agree(tmp_path: Path) -> None:
    """The cookie of one gateway is good at another that has its secret, and means nothing to a third."""
    async with upstreams(3) as servers:
        addresses = urls(servers)
        affinity = {"cookie": "VZSID", "secret": "k" * 32}
        async with gateway(tmp_path, parts(addresses, affinity=affinity)) as (_, client):
            answers = [await ask(client) for _ in range(3)]
        async with gateway(tmp_path, parts(addresses[::-1], affinity=affinity)) as (_, client):
            for first in answers:
                assert first.body == (await ask(client, cookie_of(first))).body
        async with gateway(tmp_path, parts(addresses, affinity={"cookie": "VZSID"})) as (_, client):
            assert all([cookie_of(await ask(client, cookie_of(first))) for first in answers])
