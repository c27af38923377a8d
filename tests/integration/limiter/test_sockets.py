"""Limits over real sockets, through the gateway's own listener and through an ASGI server, in memory and in Redis."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus

from tests.integration.doors import Door, DoorFactory
from tests.integration.redis_server import RedisServer
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, send, stall

GET = b"GET /a HTTP/1.1\r\nHost: a\r\n\r\n"


@pytest.fixture(params=["memory", "redis"])
def store(request: pytest.FixtureRequest) -> Any:
    """What ``store`` says; with Redis there is a Redis."""
    if request.param == "memory":
        return "memory"
    server: RedisServer = request.getfixturevalue("redis_server")
    return {"kind": "redis", "url": server.url, "timeout": "5s"}


def parts(target: str, limit: dict[str, Any], store: Any) -> dict[str, Any]:
    return {
        "services": {"it": {"targets": [target]}},
        "limits": {"it": limit},
        "routes": [{"name": "it", "match": {"path": "/*"}, "service": "it", "limit": "it"}],
        "store": store,
    }


async def status_of(door: Door) -> int:
    """The status of one request over a connection of its own."""
    async with door.client() as client:
        await client.send(GET)
        return (await client.read_response()).status


async def until(door: Door, status: int) -> None:
    """Ask until the answer is *status*."""
    async with asyncio.timeout(10):
        while await status_of(door) != status:
            pass


CONCURRENCY = {"algorithm": "concurrency", "in_flight": 1}


async def test_upstreams_own_fields_are_replaced_on_allowed_and_refused_answers(door: DoorFactory, store: Any) -> None:
    """There is one word about limits in an answer, the gateway's, and every other field stays."""
    response = b"HTTP/1.1 200 OK\r\nRateLimit: x\r\nX-RATELIMIT-RESET: 7\r\nA: b\r\nContent-Length: 2\r\n\r\nok"
    async with ScriptedUpstream(*[[answer(response)]] * 9) as upstream:
        limit = {"rate": "1/hour", "burst": 2}
        async with door(parts(upstream.url, limit, store)) as opened, opened.client() as client:
            told = []
            for _ in range(3):
                await client.send(GET)
                received = await client.read_response()
                told.append(
                    (received.status, [received.get_all(name) for name in (b"ratelimit", b"x-ratelimit-reset")])
                )
                assert (received.status == 200) == bool(received.get_all(b"a"))
    # A bucket of 2 that fills at 1/hour: after one request it is full in an hour, after two in two.
    assert [200, 200, 429] == [status for status, _ in told]
    assert [[b'"it";r=1;t=3600'], [b"3600"]] == told[0][1]
    assert b'"it";r=0;t=' == told[2][1][0][0][:11]


async def test_place_is_held_until_the_answer_has_been_sent(door: DoorFactory, store: Any) -> None:
    """While one request is in flight another is refused; when it has ended, the next one passes."""
    go_on = asyncio.Event()

    async def wait(_: Any) -> None:
        await go_on.wait()

    head = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n"
    scripts = [[read_request(), send(head), wait, send(b"ok")], *[[answer()]] * 50]
    async with ScriptedUpstream(*scripts) as upstream, door(parts(upstream.url, CONCURRENCY, store)) as opened:
        async with opened.client() as client:
            await client.send(GET)
            await upstream.wait_for(lambda: len(upstream.requests) > 0)
            assert 429 == await status_of(opened)
            go_on.set()
            assert 200 == (await client.read_response()).status
        await until(opened, 200)


async def test_place_of_a_client_that_leaves_is_given_back(door: DoorFactory, store: Any) -> None:
    """A client that goes away in the middle takes its place along for no longer than it is there."""
    scripts = [[read_request(), stall()], *[[answer()]] * 50]
    async with ScriptedUpstream(*scripts) as upstream, door(parts(upstream.url, CONCURRENCY, store)) as opened:
        async with opened.client() as client:
            await client.send(GET)
            await upstream.wait_for(lambda: len(upstream.requests) > 0)
            assert 429 == await status_of(opened)
        await until(opened, 200)


async def test_place_of_a_request_whose_upstream_fails_is_given_back(door: DoorFactory, store: Any) -> None:
    """A 502 holds nothing."""
    async with door(parts("http://127.0.0.1:1", CONCURRENCY, store)) as opened:
        assert 502 == await status_of(opened)
        await until(opened, 502)


async def test_tunnel_holds_its_place_as_long_as_it_is_open(door: DoorFactory, store: Any) -> None:
    """A WebSocket counts from its handshake to its end, and its handshake tells of the limit."""

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0) as server:
        target = f"http://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"
        async with door(parts(target, CONCURRENCY, store)) as opened:
            url = opened.url("/chat", "ws")
            async with connect(url) as first:
                await first.send("a")
                assert "a" == await first.recv()
                assert '"it";r=0' == first.response.headers["RateLimit"]
                with pytest.raises(InvalidStatus) as refused:
                    await connect(url)
                assert refused.value.response.status_code in {403, 429}  # under ASGI servers without denial: 403
            async with asyncio.timeout(10):
                while True:
                    try:
                        async with connect(url):
                            break
                    except InvalidStatus:
                        continue
