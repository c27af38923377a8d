"""Streams go on over reloads, and a stop ends them."""

from __future__ import annotations

import asyncio

import pytest

from tests.integration.reload.bench import ask, client_of, config_of, request, retired, says, target
from vizgate.gateway.server import Gateway
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import read_request, send, wait

UPGRADE = b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
SWITCHED = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
EVENTS = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("kind", ["websocket", "events"])
async def test_stream_goes_on_over_three_reloads(kind: str) -> None:
    """Every word of the service arrives, also after the configuration has left it out and its plan has retired."""
    turns = [asyncio.Event() for _ in range(3)]
    words = [b"one.", b"two.", b"three."]
    steps = [wait_and_send for turn, word in zip(turns, words, strict=True)
             for wait_and_send in (wait(turn), send(word if kind == "websocket" else _chunk(word)))]  # fmt: skip
    script = [read_request(), send(SWITCHED if kind == "websocket" else EVENTS), *steps, wait(asyncio.Event())]
    server = {"shutdown_timeout": "20ms"}
    async with ScriptedUpstream(script) as upstream:
        parts = {**target(upstream.url), "server": server}
        async with Gateway(config_of(parts)) as gateway, client_of(gateway) as client:
            await client.send(request("/", UPGRADE if kind == "websocket" else b""))
            await client.read_until(b"\r\n\r\n")
            for number, (turn, word) in enumerate(zip(turns, words, strict=True)):
                await gateway.reload(config_of({"routes": [says(str(number))], "server": server}))
                await retired(gateway)
                turn.set()
                assert word in await client.read_until(b".")
            async with client_of(gateway) as other:
                assert b"2" == (await ask(other)).body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@pytest.mark.parametrize(("kind", "ends_with"), [("websocket", b"hello."), ("events", b"hello.\r\n")])
async def test_stop_ends_streams_and_takes_nothing_back(kind: str, ends_with: bytes) -> None:
    """After ``shutdown_timeout`` the connection is closed, not reset: what was sent arrives. A body that is cut has no
    last chunk, so that nobody takes a part for the whole.
    """
    head = SWITCHED if kind == "websocket" else EVENTS
    script = [read_request(), send(head + (b"hello." if kind == "websocket" else _chunk(b"hello."))),
              wait(asyncio.Event())]  # fmt: skip
    async with ScriptedUpstream(script) as upstream:
        parts = {**target(upstream.url), "server": {"shutdown_timeout": "50ms"}}
        async with Gateway(config_of(parts)) as gateway, client_of(gateway) as client:
            await client.send(request("/", UPGRADE if kind == "websocket" else b""))
            await upstream.wait_for(lambda: len(upstream.complete_requests) == 1)
            await gateway.stop()
            received = await client.read_to_end()
            assert received.endswith(ends_with), received
