"""Back-pressure and aborts: a slow side slows the other, memory stays bounded, who leaves frees the other side."""

from __future__ import annotations

import asyncio
import time

import pytest

from tests.conformance.harness import Rig, RigFactory, get, post, wire
from vizgate.testing.steps import Step, read_head, read_request, send, stall, stop_reading
from vizgate.testing.upstream_connection import UpstreamConnection

MIB = 1024 * 1024
TOTAL = 64 * MIB
#: Kernel buffers of four sockets and the proxy's own; far below the 64 MiB that are sent.
MOST_IN_FLIGHT = 24 * MIB
RELEASE_S = 0.1
#: How long nothing must move for a flow to count as stopped.
QUIET_S = 0.15
BIG = {"server.limits.body": "1GiB"}


def pour(total: int = TOTAL) -> Step:
    """Send a response body of *total* bytes as fast as it is taken."""

    async def step(connection: UpstreamConnection) -> None:
        await connection.send(wire("HTTP/1.1 200 OK", f"Content-Length: {total}"))
        for _ in range(total // MIB):
            await connection.send(b"x" * MIB)

    return step


async def settled(measure: object) -> int:
    """The value of *measure* once it has stopped growing."""
    last, value = -1, measure()  # type: ignore[operator]
    while value != last:
        last = value
        await asyncio.sleep(QUIET_S)
        value = measure()  # type: ignore[operator]
    return int(value)


async def test_slow_reader_stops_the_upstream(rig: RigFactory) -> None:
    """A client that does not read holds the upstream back; what is under way is bounded."""
    async with rig([read_request(), pour(), stall()], send_buffer=65536) as running:
        async with running.client(receive_buffer=65536) as client:
            await client.send(get())
            await client.read_until(b"\r\n\r\n")
            in_flight = await settled(lambda: running.upstream.connections[0].sent)
        assert in_flight < MOST_IN_FLIGHT


async def test_slow_reader_that_goes_on_gets_every_byte(rig: RigFactory) -> None:
    """Holding back loses nothing."""
    async with rig([read_request(), pour(8 * MIB), stall()]) as running:
        async with running.client(receive_buffer=65536) as client:
            await client.send(get())
            head = await client.read_until(b"\r\n\r\n")
            await settled(lambda: running.upstream.connections[0].sent)
            got = len(client.buffer)
            while got < 8 * MIB:
                data = await client.receive()
                assert data, f"ended after {got} bytes"
                got += len(data)
        assert b"content-length: %d" % (8 * MIB) in head.lower()
        assert 8 * MIB == got


async def test_slow_upstream_stops_the_client(rig: RigFactory) -> None:
    """An upstream that does not read holds the client back; the proxy does not buffer the upload."""
    sent = 0
    async with rig([stop_reading(), stall()], config=BIG, receive_buffer=65536) as running:
        async with running.client() as client:
            await client.send(post(f"Content-Length: {TOTAL}"))

            async def upload() -> None:
                nonlocal sent
                for _ in range(TOTAL // 65536):
                    await client.send(b"x" * 65536)
                    sent += 65536

            task = asyncio.ensure_future(upload())
            in_flight = await settled(lambda: sent)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            client.reset()
        assert 0 < in_flight < MOST_IN_FLIGHT


async def check_upstream_released(running: Rig, since: float) -> None:
    """Every upstream connection ends within RELEASE_S of *since*."""
    await running.upstream.wait_quiet(2.0)
    assert time.monotonic() - since < RELEASE_S


@pytest.mark.parametrize("leave", ["close", "reset"])
@pytest.mark.parametrize("when", ["waiting-for-head", "in-body", "in-upload"])
async def test_client_that_leaves_frees_the_upstream(rig: RigFactory, leave: str, when: str) -> None:
    """An abort of the client reaches the upstream at once, wherever the exchange stands."""
    scripts = {
        "waiting-for-head": [read_request(), stall()],
        "in-body": [read_request(), send(wire("HTTP/1.1 200 OK", "Content-Length: 100", body="hello")), stall()],
        "in-upload": [read_head(), stall()],
    }
    raw = post("Content-Length: 100", body="hello") if when == "in-upload" else get()
    async with rig(scripts[when]) as running, running.client() as client:
        await client.send(raw)
        await running.upstream.wait_for(lambda: bool(running.upstream.requests))
        if when == "in-body":
            await client.read_until(b"hello")
        since = time.monotonic()
        if leave == "reset":
            client.reset()
        else:
            client.close()
        await check_upstream_released(running, since)


async def test_client_that_leaves_a_download_it_never_read_frees_the_upstream(rig: RigFactory) -> None:
    """A stalled reader that resets is noticed although nothing can be written to it."""
    async with rig([read_request(), pour(), stall()]) as running, running.client(receive_buffer=65536) as client:
        await client.send(get())
        await client.read_until(b"\r\n\r\n")
        await settled(lambda: running.upstream.connections[0].sent)
        since = time.monotonic()
        client.reset()
        await check_upstream_released(running, since)


async def test_upstream_connection_of_an_aborted_exchange_is_not_reused(rig: RigFactory) -> None:
    """Half a response may be on its way there."""
    half = wire("HTTP/1.1 200 OK", "Content-Length: 100", body="hello")
    async with rig(
        [read_request(), send(half), stall()], [read_request(), send(wire("HTTP/1.1 204 No Content")), stall()]
    ) as running:
        async with running.client() as client:
            await client.send(get())
            await client.read_until(b"hello")
        assert 204 == (await running.ask(get())).status
        assert 2 == len(running.upstream.connections)


async def test_many_aborts_leave_nothing_behind(rig: RigFactory) -> None:
    """Fifty clients that leave leave no upstream connection."""
    async with rig([read_request(), stall()]) as running:
        for _ in range(50):
            async with running.client() as client:
                await client.send(get())
                count = len(running.upstream.connections)
                await running.upstream.wait_for(lambda count=count: len(running.upstream.requests) > count)
        await running.upstream.wait_quiet(1.0)


async def test_upload_arrives_while_it_is_sent(rig: RigFactory) -> None:
    """A body is streamed, not collected."""
    async with rig([read_head(), stall()]) as running, running.client() as client:
        await client.send(post("Content-Length: 1000", body="first"))
        await running.upstream.wait_for(lambda: b"first" in b"".join(running.upstream.received))
