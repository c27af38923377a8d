"""WebSockets between a real client and a real server, through the gateway's own listener and through an ASGI server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidStatus
from websockets.http11 import Request, Response
from websockets.typing import Origin, Subprotocol

from tests.integration.doors import Door, DoorFactory, settled
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer, read_request, send, stall

MIB = 1024 * 1024
Serve = Callable[[ServerConnection], Awaitable[None]]


async def echo(connection: ServerConnection) -> None:
    async for message in connection:
        await connection.send(message)


def parts(*targets: str) -> dict[str, Any]:
    add = {"use": "headers", "request": {"set": {"X-Gateway": "vizgate"}}, "response": {"set": {"X-From": "gateway"}}}
    strip = {"strip_prefix": "/chat"}
    return {
        "services": {"chat": {"targets": list(targets)}, "echo": {"builtin": "echo"}},
        "routes": [
            {"name": "chat", "match": {"path": "/chat/*"}, "service": "chat", "rewrite": strip, "middleware": [add]},
            {"name": "echo", "match": {"path": "/echo"}, "service": "echo"},
            {"name": "closed", "match": {"path": "/closed"}, "respond": {"status": 403, "text": "no"}},
        ],
    }


@asynccontextmanager
async def chatting(door: DoorFactory, handler: Serve = echo, **settings: Any) -> AsyncIterator[Door]:
    """A gateway before a WebSocket server that runs *handler*."""
    async with serve(handler, "127.0.0.1", 0, **settings) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with door(parts(f"http://127.0.0.1:{port}")) as opened:
            yield opened


@pytest.mark.parametrize(
    "message",
    ["text", "", "ÄÖ€😀", b"\x00\xff" * 10, b"", "x" * MIB, b"x" * MIB],
    ids=lambda message: f"{type(message).__name__}-{len(message)}",
)
async def test_messages_come_back_as_they_went(message: str | bytes, door: DoorFactory) -> None:
    """Text stays text, binary stays binary, up to frames of 1 MiB and down to empty ones."""
    async with chatting(door) as opened, connect(opened.url("/chat/room", "ws"), max_size=2 * MIB) as client:
        await client.send(message)
        assert message == await client.recv()


async def test_fragments_arrive_as_one_message(door: DoorFactory) -> None:
    """A message that is sent in fragments is the same message, in both directions."""

    async def in_pieces(connection: ServerConnection) -> None:
        async for message in connection:
            assert isinstance(message, str)
            await connection.send([message[:2], message[2:4], message[4:]])

    async with chatting(door, in_pieces) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.send(["h", "el", "lo"])
        assert "hello" == await client.recv()


async def test_handshake_goes_through_the_plan(door: DoorFactory) -> None:
    """Rewriting and middleware apply to a handshake, and the upstream is told where it came from."""
    seen: list[Request] = []

    async def remember(connection: ServerConnection) -> None:
        assert connection.request is not None
        seen.append(connection.request)
        await echo(connection)

    headers = {"X-Mine": "1", "Cookie": "a=b", "X-Forwarded-For": "9.9.9.9"}
    async with (
        chatting(door, remember) as opened,
        connect(opened.url("/chat/room?q=%2F", "ws"), additional_headers=headers, origin=Origin("http://o")) as client,
    ):
        await client.send("x")
        await client.recv()
        assert client.response is not None
        assert "gateway" == client.response.headers["X-From"]
        assert client.response.headers["X-Request-Id"] == seen[0].headers["X-Request-Id"]
    assert "/room?q=%2F" == seen[0].path
    assert ["vizgate", "1", "a=b", "http://o", "127.0.0.1", "http"] == [
        seen[0].headers[name]
        for name in ("X-Gateway", "X-Mine", "Cookie", "Origin", "X-Forwarded-For", "X-Forwarded-Proto")
    ]


async def test_subprotocol_is_the_upstreams_choice(door: DoorFactory) -> None:
    """The client's offers reach the upstream, and its choice reaches the client."""
    async with chatting(door, subprotocols=[Subprotocol("v2")]) as opened:
        offers = [Subprotocol("v1"), Subprotocol("v2")]
        async with connect(opened.url("/chat/room", "ws"), subprotocols=offers) as client:
            assert "v2" == client.subprotocol


async def test_pings_are_answered(door: DoorFactory) -> None:
    """A ping of either side is answered, by the other side or in its place."""
    ponged = asyncio.Event()

    async def pinging(connection: ServerConnection) -> None:
        await (await connection.ping(b"up"))
        ponged.set()
        await connection.wait_closed()

    async with chatting(door, pinging) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await (await client.ping(b"down"))
        await ponged.wait()


@pytest.mark.parametrize(("code", "reason"), [(1000, "done"), (1001, ""), (4321, "own code, ä")])
async def test_close_of_the_client_reaches_the_upstream(code: int, reason: str, door: DoorFactory) -> None:
    """Code and reason of a close are the client's own."""
    ended: asyncio.Future[tuple[int | None, str | None]] = asyncio.get_running_loop().create_future()

    async def wait_end(connection: ServerConnection) -> None:
        await connection.wait_closed()
        ended.set_result((connection.close_code, connection.close_reason))

    async with chatting(door, wait_end) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.close(code, reason)
        assert (code, reason) == await ended
    assert [(101, "-", "chat")] == [(r["status"], r["termination"], r["route"]) for r in opened.records()]


@pytest.mark.parametrize(("code", "reason"), [(1000, "done"), (1001, ""), (4321, "own code, ä")])
async def test_close_of_the_upstream_reaches_the_client(code: int, reason: str, door: DoorFactory) -> None:
    """Code and reason of a close are the upstream's own, after everything it said before."""

    async def leave(connection: ServerConnection) -> None:
        await connection.send("bye")
        await connection.close(code, reason)

    async with chatting(door, leave) as opened, connect(opened.url("/chat/room", "ws")) as client:
        assert "bye" == await client.recv()
        with pytest.raises((ConnectionClosedOK, ConnectionClosedError)):
            await client.recv()
        assert (code, reason) == (client.close_code, client.close_reason)
    assert [(101, "-")] == [(r["status"], r["termination"]) for r in opened.records()]


async def test_refusal_of_the_upstream_is_the_answer(door: DoorFactory) -> None:
    """An upstream that does not switch answers the client with status and body of its own."""

    def refuse(connection: ServerConnection, _: Request) -> Response:
        return connection.respond(418, "teapot\n")

    async with chatting(door, process_request=refuse) as opened:
        with pytest.raises(InvalidStatus) as refused:
            await connect(opened.url("/chat/room", "ws"))
        assert (418, b"teapot\n") == (refused.value.response.status_code, refused.value.response.body)
    assert [418] == [record["status"] for record in opened.records()]


@pytest.mark.parametrize(("path", "status"), [("/none", 404), ("/closed", 403), ("/echo", 200)])
async def test_route_without_websocket_answers_as_ever(path: str, status: int, door: DoorFactory) -> None:
    """Where nothing can switch protocols, a handshake is a request like any other."""
    async with chatting(door) as opened:
        with pytest.raises(InvalidStatus) as refused:
            await connect(opened.url(path, "ws"))
        assert status == refused.value.response.status_code


async def test_dead_target_is_followed_by_the_next(door: DoorFactory) -> None:
    """A target that cannot be connected to costs a handshake nothing but time."""
    async with ScriptedUpstream() as gone:
        pass
    async with serve(echo, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with door(parts(gone.url, f"http://127.0.0.1:{port}")) as opened:
            for _ in range(2):
                async with connect(opened.url("/chat/room", "ws")) as client:
                    await client.send("x")
                    assert "x" == await client.recv()


async def test_dead_upstream_is_502(door: DoorFactory) -> None:
    """Without any target to connect to, the handshake is answered with 502."""
    async with ScriptedUpstream() as gone:
        pass
    async with door(parts(gone.url)) as opened:
        with pytest.raises(InvalidStatus) as refused:
            await connect(opened.url("/chat/room", "ws"))
        assert 502 == refused.value.response.status_code


@pytest.mark.parametrize(
    "reply",
    [
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\r\n",
    ],
)
async def test_switch_to_another_protocol_is_502(reply: bytes, door: DoorFactory) -> None:
    """An upstream that switches to what was not asked for is not tunnelled to."""
    async with (
        ScriptedUpstream([read_request(), send(reply), stall()]) as upstream,
        door(parts(upstream.url)) as opened,
    ):
        with pytest.raises(InvalidStatus) as refused:
            await connect(opened.url("/chat/room", "ws"))
        assert 502 == refused.value.response.status_code


async def test_upstream_that_is_cut_off_is_no_clean_end(door: DoorFactory) -> None:
    """The client of a WebSocket whose upstream broke off does not see a normal close."""

    async def cut(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with chatting(door, cut) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.send("x")
        with pytest.raises(ConnectionClosedError):
            await client.recv()


async def test_client_that_is_cut_off_ends_the_upstream(door: DoorFactory) -> None:
    """The upstream of a client that broke off is told."""
    ended = asyncio.Event()

    async def wait_end(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()
        ended.set()

    async with chatting(door, wait_end) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.recv()
        client.transport.abort()
        await ended.wait()


async def test_slow_upstream_holds_the_client_back(door: DoorFactory) -> None:
    """What the upstream does not read is left with the client, and arrives once it reads."""
    go_on = asyncio.Event()
    count = 64

    async def slow(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await go_on.wait()
        connection.transport.resume_reading()
        for _ in range(count):
            assert MIB == len(await connection.recv())
        await connection.send("all")

    sent = 0
    async with (
        chatting(door, slow, max_size=2 * MIB) as opened,
        connect(opened.url("/chat/room", "ws"), compression=None) as client,
    ):

        async def talk() -> None:
            nonlocal sent
            for _ in range(count):
                await client.send(b"x" * MIB)
                sent += 1

        talking = asyncio.create_task(talk())
        assert await settled(lambda: sent) < count // 2
        go_on.set()
        await talking
        assert "all" == await client.recv()


async def test_slow_client_holds_the_upstream_back(door: DoorFactory) -> None:
    """What the client does not read is left with the upstream, and arrives once it reads."""
    count = 64
    sent = 0

    async def talk(connection: ServerConnection) -> None:
        nonlocal sent
        for _ in range(count):
            await connection.send(b"x" * MIB)
            sent += 1

    async with (
        chatting(door, talk, compression=None) as opened,
        connect(opened.url("/chat/room", "ws"), compression=None, max_size=2 * MIB) as client,
    ):
        client.transport.pause_reading()
        assert await settled(lambda: sent) < count // 2
        client.transport.resume_reading()
        for _ in range(count):
            assert MIB == len(await client.recv())


async def test_bytes_behind_the_switch_are_not_lost(door: DoorFactory) -> None:
    """A frame that comes in one piece with the 101 is the first message."""

    async def greet(connection: ServerConnection) -> None:
        await connection.send("hello")
        await connection.wait_closed()

    async with chatting(door, greet) as opened, connect(opened.url("/chat/room", "ws")) as client:
        assert "hello" == await client.recv()


# What only a party that reads frames can do.


async def test_asgi_end_without_close_frame_is_a_reset(asgi_door: DoorFactory) -> None:
    """An upstream that ends its connection without a closing handshake is logged as what it is."""

    async def cut(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with chatting(asgi_door, cut) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.send("four")
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert 1014 == client.close_code
    assert [("upstream_reset", 4)] == [(r["termination"], r["bytes_in"]) for r in opened.records()]


async def test_asgi_wrong_accept_key_is_502(asgi_door: DoorFactory) -> None:
    """A 101 that does not answer this handshake is not one, and the upstream is let go."""
    reply = (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n"
    )
    async with (
        ScriptedUpstream([read_request(), send(reply), stall()]) as upstream,
        asgi_door(parts(upstream.url)) as opened,
    ):
        with pytest.raises(InvalidStatus) as refused:
            await connect(opened.url("/chat/room", "ws"))
        assert 502 == refused.value.response.status_code
        await upstream.wait_quiet()


async def test_asgi_frames_that_break_the_protocol_close_both_sides(asgi_door: DoorFactory) -> None:
    """An upstream that sends nonsense is told so by 1002, the client by 1014 (Bad Gateway)."""
    ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def nonsense(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.write(b"\x83\x00")  # a reserved opcode
        await connection.wait_closed()
        ended.set_result(connection.close_code)

    async with chatting(asgi_door, nonsense) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.send("x")
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert 1014 == client.close_code
        assert 1002 == await ended
    assert ["upstream_invalid"] == [record["termination"] for record in opened.records()]


async def test_asgi_text_that_is_no_utf8_is_not_relayed(asgi_door: DoorFactory) -> None:
    """A text message must be text before an application gets it."""

    async def nonsense(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.write(b"\x81\x01\xff")
        await connection.wait_closed()

    async with chatting(asgi_door, nonsense) as opened, connect(opened.url("/chat/room", "ws")) as client:
        await client.send("x")
        with pytest.raises(ConnectionClosedError):
            await client.recv()
        assert 1014 == client.close_code


async def test_asgi_compression_is_not_promised_to_the_upstream(asgi_door: DoorFactory) -> None:
    """The extensions of the client are between it and the ASGI server."""
    offered: list[bool] = []

    async def remember(connection: ServerConnection) -> None:
        assert connection.request is not None
        offered.append("Sec-WebSocket-Extensions" in connection.request.headers)
        await echo(connection)

    async with (
        chatting(asgi_door, remember) as opened,
        connect(opened.url("/chat/room", "ws"), compression="deflate") as client,
    ):
        await client.send("x" * 1000)
        assert "x" * 1000 == await client.recv()
    assert [False] == offered


async def test_listener_does_not_take_early_frames_for_a_request(door: DoorFactory) -> None:
    """What a client sent on the chance of an upgrade that was refused is not served as a request (RFC 9931)."""
    async with ScriptedUpstream([answer()]) as upstream, door(parts(upstream.url)) as opened, opened.client() as client:
        await client.send(
            b"GET /chat/x HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
            b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
            b"GET /chat/smuggled HTTP/1.1\r\nHost: a.example\r\n\r\n"
        )
        await client.read_to_end()
        assert [b"/x"] == [request.target for request in upstream.requests]
