"""Time: silent, dripping and stalled peers are given up when the configuration says, and the right one is blamed."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import pytest

from tests.conformance.harness import RigFactory, get, post, wire
from vizgate.clock import SystemClock
from vizgate.testing.raw_client import RawClient
from vizgate.testing.steps import answer, read_head, read_request, send, stall, stop_reading
from vizgate.testing.upstream_connection import UpstreamConnection

TIGHT_S = 0.3
#: A deadline may be late by a tick and a busy machine, never early.
LATEST_S = 1.0

CLIENT = {
    "server.limits.head_timeout": "300ms",
    "server.limits.idle_timeout": "300ms",
    "server.limits.body_idle": "300ms",
}
UPSTREAM = {"services.origin.timeouts": {"connect": "300ms", "response": "300ms", "idle": "300ms"}}


@contextlib.asynccontextmanager
async def drip(client: RawClient, data: bytes, every_s: float = 0.05) -> AsyncIterator[None]:
    """Send *data* byte by byte in the background."""

    async def run() -> None:
        for position in range(len(data)):
            await client.send(data[position : position + 1])
            await asyncio.sleep(every_s)

    task = asyncio.ensure_future(run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.contextmanager
def takes(least_s: float, most_s: float = LATEST_S) -> object:
    """The block takes between *least_s* and *most_s* seconds."""
    start = time.monotonic()
    yield
    assert least_s * 0.9 <= time.monotonic() - start <= most_s


async def test_silent_connection_is_closed_without_a_word(rig: RigFactory) -> None:
    """A connection without a request is closed after `idle_timeout` (or `head_timeout`); no 408 is owed."""
    async with rig(config=CLIENT) as running:
        async with running.client() as client:
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert data == b"" or data.startswith(b"HTTP/1.1 408")


async def test_idle_connection_is_closed_behind_a_response(rig: RigFactory) -> None:
    """Keep-alive ends after `idle_timeout`, silently: a 408 would be taken for the answer to the next request."""
    async with rig(config=CLIENT) as running, running.client() as client:
        await client.send(get())
        assert 200 == (await client.read_response()).status
        with takes(TIGHT_S):
            assert b"" == await client.read_to_end()


async def test_head_that_stops_is_408(rig: RigFactory) -> None:
    """A head that is not whole after `head_timeout` is 408 and a close; the upstream never hears of it."""
    async with rig(config=CLIENT) as running:
        async with running.client() as client:
            await client.send(get()[:-5])
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert data.startswith(b"HTTP/1.1 408")
        assert not running.upstream.connections


async def test_head_that_drips_is_408(rig: RigFactory) -> None:
    """Slowloris: the deadline is for the head as a whole, bytes do not move it."""
    async with rig(config=CLIENT) as running:
        async with running.client() as client, drip(client, get("X-A: " + "b" * 1000)):
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert data.startswith(b"HTTP/1.1 408")


async def test_second_head_that_stops_is_408(rig: RigFactory) -> None:
    """The deadline holds for every head of a connection."""
    async with rig(config=CLIENT) as running:
        async with running.client() as client:
            await client.send(get() + get()[:-5])
            assert 200 == (await client.read_response()).status
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert data.startswith(b"HTTP/1.1 408")


@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_body_that_stops_is_408_and_incomplete_upstream(rig: RigFactory, framing: str) -> None:
    """An upload that stalls for `body_idle` is 408; the upstream's request stays without its end, and is released."""
    raw = (
        post("Content-Length: 10", body="hello")
        if framing == "length"
        else post("Transfer-Encoding: chunked", body="5\r\nhello\r\n")
    )
    async with rig([read_head(), stall()], config=CLIENT) as running:
        async with running.client() as client:
            await client.send(raw)
            with takes(TIGHT_S):
                response = await client.read_response("POST")
            assert (408, True) == (response.status, response.says_close)
        await running.upstream.wait_quiet(1.0)
        assert not running.upstream.complete_requests


class FastClock(SystemClock):
    """Time that runs twenty times as fast."""

    def monotonic(self) -> float:
        return super().monotonic() * 20


SLOW_UPLOAD = ["Content-Length: 60000", "Transfer-Encoding: chunked"]


@pytest.mark.parametrize("framing", SLOW_UPLOAD)
async def test_body_that_drips_is_408_and_incomplete_upstream(rig: RigFactory, framing: str) -> None:
    """After 10 s an upload slower than `body_rate` is 408, although it never stalls; here a second takes 50 ms."""
    body = b"x" * 200 if "Length" in framing else b"1\r\nx\r\n" * 40
    async with rig([read_head(), stall()], clock=FastClock()) as running:
        async with running.client() as client:
            await client.send(post(framing))
            async with drip(client, body):
                with takes(0.5, 2.0):
                    response = await client.read_response("POST")
            assert (408, True) == (response.status, response.says_close)
        await running.upstream.wait_quiet(1.0)
        assert not running.upstream.complete_requests


@pytest.mark.parametrize("framing", SLOW_UPLOAD)
async def test_body_that_is_just_fast_enough_is_forwarded(rig: RigFactory, framing: str) -> None:
    """An upload of twice `body_rate` may take as long as it needs."""
    piece = b"x" * 2000 if "Length" in framing else b"7d0\r\n" + b"x" * 2000 + b"\r\n"
    async with rig(clock=FastClock()) as running, running.client() as client:
        await client.send(post(framing))
        for _ in range(30):
            await client.send(piece)
            await asyncio.sleep(0.04)
        if "chunked" in framing:
            await client.send(b"0\r\n\r\n")
        assert 200 == (await client.read_response("POST")).status
        assert [60_000] == [len(request.body) for request in running.upstream.complete_requests]


async def test_client_is_not_timed_out_while_upstream_thinks(rig: RigFactory) -> None:
    """The client's deadlines rest while the proxy owes it an answer."""
    go_on = asyncio.Event()

    async def think(_: object) -> None:
        await go_on.wait()

    async with (
        rig([read_request(), think, answer()], [answer()], config=CLIENT) as running,
        running.client() as client,
    ):
        await client.send(get())
        asyncio.get_running_loop().call_later(TIGHT_S * 2, go_on.set)
        # The script's `answer` waits for a second request; the first one gets its response here.
        await asyncio.wait_for(go_on.wait(), 2.0)
        assert running.upstream.connections[0].is_open
        await running.upstream.connections[0].send(wire("HTTP/1.1 200 OK", "Content-Length: 2", body="ok"))
        assert 200 == (await client.read_response()).status


async def test_upstream_that_is_silent_is_504(rig: RigFactory) -> None:
    """No head within `timeouts.response`: 504, and the connection is closed."""
    async with rig([read_request(), stall()], config=UPSTREAM) as running:
        with takes(TIGHT_S, 0.3 * 3):
            assert 504 == (await running.ask(post("Content-Length: 0"))).status
        await running.upstream.wait_quiet(1.0)


async def test_upstream_head_that_drips_is_504(rig: RigFactory) -> None:
    """The deadline is for the whole head."""

    async def drip_head(connection: object) -> None:
        for byte in wire("HTTP/1.1 200 OK", "X-A: " + "b" * 1000):
            await connection.send(bytes([byte]))  # type: ignore[attr-defined]
            await asyncio.sleep(0.02)

    async with rig([read_request(), drip_head], config=UPSTREAM) as running:
        with takes(TIGHT_S):
            assert 504 == (await running.ask(post("Content-Length: 0"))).status


async def test_upstream_that_sends_interim_for_ever_is_504(rig: RigFactory) -> None:
    """1xx responses do not move the deadline."""

    async def interim(connection: object) -> None:
        while True:
            await connection.send(wire("HTTP/1.1 102 Processing"))  # type: ignore[attr-defined]
            await asyncio.sleep(0.02)

    async with rig([read_request(), interim], config=UPSTREAM) as running:
        with takes(TIGHT_S):
            assert (await running.ask(post("Content-Length: 0"))).status in (502, 504)


async def test_upstream_body_that_stops_aborts_the_client(rig: RigFactory) -> None:
    """A body that stalls for `timeouts.idle` ends as a cut body, not as a whole one."""
    part = wire("HTTP/1.1 200 OK", "Transfer-Encoding: chunked", body="5\r\nhello\r\n")
    async with rig([read_request(), send(part), stall()], config=UPSTREAM) as running:
        async with running.client() as client:
            await client.send(get())
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert b"hello" in data
        assert not data.endswith(b"0\r\n\r\n")
        await running.upstream.wait_quiet(1.0)


async def test_upstream_that_takes_no_body_is_given_up(rig: RigFactory) -> None:
    """An upstream that stops reading does not hold an upload for ever."""
    config = {**UPSTREAM, "server.limits.body": "64MiB"}
    async with (
        rig([stop_reading(), stall()], config=config, receive_buffer=4096) as running,
        running.client() as client,
    ):
        upload = asyncio.ensure_future(client.send(post("Content-Length: 30000000"), b"x" * 30_000_000))
        try:
            response = await client.read_response("POST")
            assert response.status in (502, 504)
        finally:
            upload.cancel()
            await asyncio.gather(upload, return_exceptions=True)


async def test_total_timeout_of_service_bounds_everything(rig: RigFactory) -> None:
    """`timeouts.total` holds from the first attempt to the end of the body."""

    async def drip_body(connection: object) -> None:
        await connection.send(wire("HTTP/1.1 200 OK", "Content-Length: 1000"))  # type: ignore[attr-defined]
        while True:
            await connection.send(b"x")  # type: ignore[attr-defined]
            await asyncio.sleep(0.02)

    config = {"services.origin.timeouts": {"total": "300ms"}}
    async with rig([read_request(), drip_body], config=config) as running:
        async with running.client() as client:
            await client.send(get())
            with takes(TIGHT_S):
                data = await client.read_to_end()
        assert len(data) < 1000


async def test_route_timeout_is_504(rig: RigFactory) -> None:
    """A route's `timeout` holds over everything."""
    route = {"name": "origin", "match": {"path": "/*"}, "service": "origin", "timeout": "300ms"}
    async with rig([read_request(), stall()], config={"routes": [route]}) as running:
        with takes(TIGHT_S):
            assert 504 == (await running.ask(get())).status


async def test_connect_that_hangs_is_502(rig: RigFactory) -> None:
    """A target whose queue is full never completes the handshake: `timeouts.connect`, then 502."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        address = full.getsockname()
        fillers = [socket.socket() for _ in range(4)]
        for filler in fillers:
            filler.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                filler.connect(address)
        config = {**UPSTREAM, "services.origin.targets": [f"http://127.0.0.1:{address[1]}"]}
        async with rig(config=config) as running:
            with takes(TIGHT_S):
                assert (await running.ask(get())).status in (502, 504)
        for filler in fillers:
            filler.close()


async def test_tunnel_that_is_quiet_is_closed(rig: RigFactory) -> None:
    """A tunnel in which nothing moves for `timeouts.idle` is closed on both sides."""
    upgrade = wire("HTTP/1.1 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")
    async with rig([read_request(), send(upgrade), stall()], config=UPSTREAM) as running:
        async with running.client() as client:
            await client.send(get("Connection: Upgrade", "Upgrade: websocket"))
            assert 101 == (await client.read_response()).status
            with takes(TIGHT_S):
                await client.read_to_end()
        await running.upstream.wait_quiet(1.0)


@pytest.mark.parametrize("beginning", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 200 O"])
async def test_response_that_stalls_after_an_upload_is_504(rig: RigFactory, beginning: bytes) -> None:
    """What an upstream says once it has the whole body does not prolong the wait for its response head."""
    body = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with rig([read_request(), send(beginning), stall()], config=UPSTREAM) as running:
        async with running.client() as client:
            await client.send(body)
            await running.upstream.wait_for(lambda: bool(running.upstream.requests))
            await client.send(b"3\r\nabc\r\n0\r\n\r\n")
            with takes(0.0):
                response = await client.read_response()
                if response.status == 103:
                    response = await client.read_response()
        assert response.status == 504


SECOND = {"services.origin.timeouts": {"connect": "1s", "response": "1s", "idle": "1s"}}


@pytest.mark.parametrize("how", ["silent", "dripping", "dripping-interim", "behind-an-upload"])
async def test_504_comes_within_a_tenth_of_the_setting(rig: RigFactory, how: str) -> None:
    """A second means a second, whatever little the upstream says meanwhile."""
    said = {
        "dripping": wire("HTTP/1.1 200 OK", "X-A: " + "b" * 1000),
        "dripping-interim": wire("HTTP/1.1 102 Processing") * 50,
    }

    async def drip_head(connection: UpstreamConnection) -> None:
        for byte in said.get(how, b""):
            await connection.send(bytes([byte]))
            await asyncio.sleep(0.02)

    async with rig([read_request(), drip_head, stall()], config=SECOND) as running, running.client() as client:
        raw = post("Transfer-Encoding: chunked") if how == "behind-an-upload" else get()
        await client.send(raw)
        if how == "behind-an-upload":
            await running.upstream.wait_for(lambda: bool(running.upstream.requests))
            await client.send(b"3\r\nabc\r\n0\r\n\r\n")
        with takes(1.0, 1.1):
            assert 504 == (await client.read_response(raw[:4].strip().decode())).status
