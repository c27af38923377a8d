"""Server-sent events through every door."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.integration.doors import DoorFactory
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import read_request, send, stall, wait

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
GET = b"GET /events HTTP/1.1\r\nHost: a.example\r\nAccept: text/event-stream\r\n\r\n"


def parts(upstream: ScriptedUpstream) -> dict[str, Any]:
    route = {"name": "events", "match": {"path": "/events"}, "service": "origin"}
    return {"services": {"origin": {"targets": [upstream.url]}}, "routes": [route]}


async def test_events_arrive_as_they_are_sent(door: DoorFactory) -> None:
    """Every event is with the client before the upstream sends the next one, and the head before any of them."""
    gates = [asyncio.Event(), asyncio.Event()]
    script = [
        read_request(),
        send(HEAD),
        wait(gates[0]),
        send(b"9\r\ndata: 1\n\n\r\n"),
        wait(gates[1]),
        send(b"9\r\ndata: 2\n\n\r\n0\r\n\r\n"),
        stall(),
    ]
    async with ScriptedUpstream(script) as upstream, door(parts(upstream)) as opened, opened.client() as client:
        await client.send(GET)
        assert b"text/event-stream" in await client.read_until(b"\r\n\r\n")
        gates[0].set()
        await client.read_until(b"data: 1\n\n")
        gates[1].set()
        await client.read_until(b"data: 2\n\n\r\n0\r\n\r\n")
    assert [("-", 18)] == [(record["termination"], record["bytes_out"]) for record in opened.records()]


async def test_client_that_leaves_its_events_ends_them(door: DoorFactory) -> None:
    """Nobody goes on sending events to a client that has left."""
    script = [read_request(), send(HEAD), stall()]
    async with ScriptedUpstream(script) as upstream, door(parts(upstream)) as opened:
        async with opened.client() as client:
            await client.send(GET)
            await client.read_until(b"\r\n\r\n")
        await upstream.wait_quiet()
    assert ["client_abort"] == [record["termination"] for record in opened.records()]
