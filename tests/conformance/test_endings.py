"""Endings: a client never takes a part for the whole, and no answer goes on for longer than it may."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.harness import RigFactory, get, wire
from vizgate.testing.steps import forever, read_request, send, stall
from vizgate.testing.upstream_connection import End

PART = wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="5\r\nhello\r\n")
ENDLESS = b"10000\r\n" + b"x" * 65536 + b"\r\n"


async def test_half_closing_client_takes_no_part_for_the_whole(rig: RigFactory, is_peer: bool) -> None:
    """RFC 9112 8: to HTTP/1.0, where a body ends with the connection, an answer that is given up is told by a reset."""
    if is_peer:
        pytest.skip("a peer may go on serving a client that has ended its side")
    async with rig([read_request(), send(PART), stall()]) as running, running.client() as client:
        await client.send(wire("GET /x HTTP/1.0", "Host: a.example"))
        await client.read_until(b"hello")
        client.send_eof()
        await client.read_to_end()
        assert client.end is End.RST


@pytest.mark.parametrize("pace", ["fast", "slow"])
async def test_total_time_ends_an_answer_that_never_pauses(rig: RigFactory, pace: str) -> None:
    """`timeouts.total` holds inside a body, too, however fast it comes and is read; it ends as broken off."""
    config = {"services.origin.timeouts": {"total": "200ms"}}
    script = [read_request(), send(PART), forever(send(ENDLESS))]
    buffer = 4096 if pace == "slow" else 0
    async with rig(script, config=config) as running, running.client(receive_buffer=buffer) as client:
        await client.send(get())
        last = b""
        async with asyncio.timeout(2.0):
            while data := await client.receive():
                last = data
        assert not last.endswith(b"0\r\n\r\n")
