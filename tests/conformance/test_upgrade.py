"""Upgrade: a tunnel only behind a valid 101 that was asked for; otherwise every byte is HTTP (RFC 9110 7.8)."""

from __future__ import annotations

import asyncio

import pytest

from tests.conformance.harness import SMUGGLED, RigFactory, check_sane, get, post, wire
from vizgate.testing.raw_client import ConnectionEnded
from vizgate.testing.steps import (
    Step,
    answer,
    close,
    forever,
    half_close,
    read_bytes,
    read_request,
    reset,
    resume_reading,
    send,
    stall,
    stop_reading,
    wait,
)
from vizgate.testing.upstream_connection import End, UpstreamConnection

HANDSHAKE = (
    "Connection: Upgrade",
    "Upgrade: websocket",
    "Sec-WebSocket-Version: 13",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
)
WANTED = get(*HANDSHAKE)
ACCEPT = "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


def switching(*lines: str, body: str = "") -> bytes:
    """A 101 with *lines*."""
    return wire("HTTP/1.1 101 Switching Protocols", *lines, body=body)


ACCEPTED = switching("Connection: Upgrade", "Upgrade: websocket", ACCEPT)


def echo_tunnel() -> Step:
    """Send every byte of the tunnel back."""

    async def step(connection: UpstreamConnection) -> None:
        done = 0
        while connection.is_open:
            await connection.wait_for(lambda done=done: len(connection.tunnelled) > done)  # type: ignore[misc]
            fresh = connection.tunnelled[done:]
            done += len(fresh)
            await connection.send(fresh)

    return step


async def test_upgrade_accepted_relays_both_ways(rig: RigFactory) -> None:
    """After the 101 every byte travels unchanged, in both directions, as soon as it is sent."""
    async with rig([read_request(), send(ACCEPTED), echo_tunnel()]) as running, running.client() as client:
        await client.send(WANTED)
        response = await client.read_response()
        assert 101 == response.status
        assert [b"websocket"] == [value.lower() for value in response.get_all(b"upgrade")]
        assert b"upgrade" in b",".join(response.get_all(b"connection")).lower()
        assert [b"s3pPLMBiTxaQ9kYGzzhZRbK+xOo="] == response.get_all(b"sec-websocket-accept")
        for piece in (b"hello", b"\x00\xff\r\n\r\n", SMUGGLED.encode(), b"x" * 200_000 + b"!"):
            await client.send(piece)
            assert (await client.read_until(piece[-5:])).endswith(piece[-5:])


async def test_upgrade_request_asks_the_upstream(rig: RigFactory) -> None:
    """The upstream gets Connection: upgrade, the protocol and the handshake fields, and nothing is tunnelled yet."""
    async with rig([read_request(), send(ACCEPTED), stall()]) as running:
        async with running.client() as client:
            await client.send(WANTED)
            await client.read_response()
        request = running.upstream.requests[0]
        assert [b"websocket"] == [value.lower() for value in request.get_all(b"upgrade")]
        assert b"upgrade" in b",".join(request.get_all(b"connection")).lower()
        assert [b"dGhlIHNhbXBsZSBub25jZQ=="] == request.get_all(b"sec-websocket-key")
        assert not request.problems


async def test_upgrade_bytes_behind_101_reach_the_client(rig: RigFactory) -> None:
    """A server may talk first, in the very packet of its 101."""
    async with (
        rig([read_request(), send(ACCEPTED + b"\x81\x02hi"), stall()]) as running,
        running.client() as client,
    ):
        await client.send(WANTED)
        assert 101 == (await client.read_response()).status
        assert b"\x81\x02hi" == await client.read_until(b"hi")


REFUSALS = [
    ("200", wire("HTTP/1.1 200 OK", "Content-Length: 2", body="ok")),
    ("403", wire("HTTP/1.1 403 Forbidden", "Content-Length: 2", body="ok")),
    ("426", wire("HTTP/1.1 426 Upgrade Required", "Upgrade: websocket", "Connection: Upgrade", "Content-Length: 2",
                 body="ok")),
    ("404-chunked", wire("HTTP/1.1 404 Not Found", "Transfer-Encoding: chunked", body="2\r\nok\r\n0\r\n\r\n")),
]  # fmt: skip


@pytest.mark.parametrize("refusal", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
async def test_upgrade_refused_leaves_http(rig: RigFactory, refusal: bytes) -> None:
    """Without a 101 the connection goes on as HTTP, or closes: the answer is relayed, the next request understood."""
    async with rig([answer(refusal)], [answer()]) as running:
        seen = await running.play(WANTED)
        check_sane(seen)
        assert b"ok" == seen.responses[0].body
        assert seen.end is not End.OPEN
        assert len(seen.responses) <= 2


@pytest.mark.parametrize("refusal", [row[1] for row in REFUSALS], ids=[row[0] for row in REFUSALS])
@pytest.mark.parametrize("together", [True, False], ids=["one-packet", "later"])
async def test_upgrade_refused_bytes_behind_it_are_no_tunnel(rig: RigFactory, refusal: bytes, together: bool) -> None:
    """CVE-2026-2833: what a client sends behind an upgrade is a request under every rule, or it goes nowhere."""
    smuggled = wire("GET /admin/smuggled HTTP/1.1", "Host: a.example", "X-Forwarded-For: 6.6.6.6")
    async with rig([answer(refusal)], [answer()]) as running:
        pieces = (WANTED + smuggled,) if together else (WANTED, smuggled)
        seen = await running.play(*pieces, count=2)
        assert b"smuggled" not in b"".join(running.upstream.received), seen
        assert b"6.6.6.6" not in b"".join(running.upstream.received), seen
        assert seen.end is not End.OPEN


async def test_upgrade_early_bytes_wait_for_the_101(rig: RigFactory) -> None:
    """Bytes sent before the answer reach the upstream only behind an accepted upgrade, or never."""
    accept = asyncio.Event()
    async with rig([read_request(), wait(accept), send(ACCEPTED), stall()]) as running, running.client() as client:
        await client.send(WANTED + b"early")
        await running.upstream.wait_for(lambda: bool(running.upstream.complete_requests))
        await running.settle()
        assert b"early" not in running.upstream.received[0]
        accept.set()
        response = await client.read_response()
        assert response.status in (101, 400, 502)


BAD_101 = [
    ("other-protocol", switching("Connection: Upgrade", "Upgrade: h2c")),
    ("other-protocol-2", switching("Connection: Upgrade", "Upgrade: foo/2")),
    ("no-upgrade-field", switching("Connection: Upgrade")),
    ("no-fields", switching()),
    ("bad-field", switching("Connection: Upgrade", "Upgrade: websocket", "X A: b")),
    ("nul", switching("Connection: Upgrade", "Upgrade: websocket", "X-A: \x00")),
    ("http-2.0", wire("HTTP/2.0 101 Switching Protocols", "Connection: Upgrade", "Upgrade: websocket")),
]


@pytest.mark.parametrize("raw", [row[1] for row in BAD_101], ids=[row[0] for row in BAD_101])
async def test_upgrade_invalid_101_is_502(rig: RigFactory, raw: bytes) -> None:
    """RFC 9110 7.8: a server MUST NOT switch to a protocol that was not asked for; the client gets no tunnel."""
    async with rig([read_request(), send(raw), stall()]) as running:
        seen = await running.play(WANTED, probe=False)
        assert [502] == seen.statuses, seen


UNASKED = [
    ("no-connection-option", get("Upgrade: websocket", *HANDSHAKE[2:])),
    ("no-upgrade-field", get("Connection: Upgrade", *HANDSHAKE[2:])),
    ("http-1.0", wire("GET /x HTTP/1.0", "Host: a.example", *HANDSHAKE)),
    ("upgrade-empty", get("Connection: Upgrade", "Upgrade:", *HANDSHAKE[2:])),
    ("plain", get()),
    ("h2c", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
    ("h2c-lower", get("connection: upgrade, http2-settings", "upgrade: h2c", "http2-settings: AAMAAABkAAQAAP__")),
    ("h2c-not-all-named", get("Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")),
    ("h2c-upper", get("Connection: Upgrade, HTTP2-Settings", "Upgrade: H2C", "HTTP2-Settings: AAMAAABkAAQAAP__")),
    ("http-2.0", get("Connection: Upgrade", "Upgrade: HTTP/2.0")),
    ("tls", get("Connection: Upgrade", "Upgrade: TLS/1.2, HTTP/1.1")),
]


@pytest.mark.parametrize("raw", [row[1] for row in UNASKED], ids=[row[0] for row in UNASKED])
async def test_upgrade_not_asked_for_properly_is_not_forwarded(rig: RigFactory, raw: bytes) -> None:
    """No Upgrade without the Connection option and HTTP/1.1; h2c never: it would hide requests from every rule."""
    async with rig() as running:
        seen = await running.play(raw)
        check_sane(seen)
        for request in seen.requests:
            assert not request.get_all(b"upgrade"), seen
            assert not request.get_all(b"http2-settings"), seen
            assert b"upgrade" not in b",".join(request.get_all(b"connection")).lower(), seen


@pytest.mark.parametrize("raw", [row[1] for row in UNASKED], ids=[row[0] for row in UNASKED])
async def test_upgrade_not_asked_for_is_never_a_tunnel(rig: RigFactory, raw: bytes) -> None:
    """A 101 in answer to a request that did not ask is 502, and no byte of the client goes around HTTP."""
    async with rig([read_request(), send(ACCEPTED + b"evil"), stall()]) as running:
        seen = await running.play(raw, probe=False)
        assert seen.statuses in ([502], [400]), seen
        assert b"evil" not in seen.responses[0].body


async def test_upgrade_list_with_h2c_never_ends_in_h2c(rig: RigFactory) -> None:
    """Of several protocols only those that may be tunnelled are offered on."""
    raw = get("Connection: Upgrade", "Upgrade: h2c, websocket", *HANDSHAKE[2:])
    async with rig([read_request(), send(switching("Connection: Upgrade", "Upgrade: h2c")), stall()]) as running:
        seen = await running.play(raw, probe=False)
        assert seen.statuses in ([502], [400]), seen
        assert b"h2c" not in b"".join(running.upstream.received)


@pytest.mark.parametrize("framing", ["Content-Length: 5", "Transfer-Encoding: chunked"])
async def test_upgrade_with_body_keeps_its_framing(rig: RigFactory, framing: str) -> None:
    """RFC 9110 7.8: the body is sent before the protocol is switched; its bytes are no tunnel and no request."""
    body = "hello" if "Length" in framing else "5\r\nhello\r\n0\r\n\r\n"
    async with rig() as running:
        seen = await running.play(post(*HANDSHAKE, framing, body=body))
        check_sane(seen)
        if seen.statuses[0] == 200:
            assert [b"hello"] == [request.body for request in seen.requests]


@pytest.mark.parametrize("ending", [close, reset, half_close])
async def test_tunnel_upstream_end_reaches_client(rig: RigFactory, ending: type) -> None:
    """The end of one side of a tunnel is the end of the other."""
    async with (
        rig([read_request(), send(ACCEPTED + b"bye"), ending(), stall()]) as running,
        running.client() as client,
    ):
        await client.send(WANTED)
        assert 101 == (await client.read_response()).status
        data = await client.read_to_end()
        assert data == b"bye" or (ending is reset and client.end is not End.OPEN)


@pytest.mark.parametrize("leave", ["fin", "rst"])
async def test_tunnel_client_end_reaches_upstream(rig: RigFactory, leave: str) -> None:
    """A client that leaves its tunnel leaves no upstream connection behind."""
    async with rig([read_request(), send(ACCEPTED), read_bytes(1), stall()]) as running:
        async with running.client() as client:
            await client.send(WANTED)
            assert 101 == (await client.read_response()).status
            if leave == "rst":
                client.reset()
        await running.upstream.wait_quiet(1.0)


async def test_tunnel_half_close_of_client_lets_upstream_finish(rig: RigFactory, is_peer: bool) -> None:
    """FIN of one side is passed on as FIN, so the other may still speak."""
    if is_peer:
        pytest.skip("not every peer half-closes")
    finish = asyncio.Event()
    async with (
        rig([read_request(), send(ACCEPTED), wait(finish), send(b"last words"), close()]) as running,
        running.client() as client,
    ):
        await client.send(WANTED)
        assert 101 == (await client.read_response()).status
        await client.send(b"bye")
        client.send_eof()
        await running.upstream.wait_for(lambda: running.upstream.connections[0].end is End.FIN)
        finish.set()
        try:
            assert (await client.read_until(b"last words")).endswith(b"last words")
        except ConnectionEnded as ended:
            pytest.fail(f"the tunnel was cut: {ended}")


async def test_tunnel_end_of_both_sides_loses_no_byte(rig: RigFactory, is_peer: bool) -> None:
    """What a client sent before its FIN reaches an upstream that had ended its own side before, and reads late."""
    if is_peer:
        pytest.skip("not every peer half-closes")
    go_on = asyncio.Event()
    script = [read_request(), stop_reading(), send(ACCEPTED), half_close(), wait(go_on), resume_reading(), stall()]
    async with rig(script, receive_buffer=65536) as running, running.client() as client:
        await client.send(WANTED)
        assert 101 == (await client.read_response()).status
        assert b"" == await client.read_to_end()
        await client.send(b"x" * 400_000)
        client.send_eof()
        for _ in range(20):
            await running.settle()
        go_on.set()
        connection = running.upstream.connections[0]
        await running.upstream.wait_for(lambda: not connection.is_open)
        assert (End.FIN, 400_000) == (connection.end, len(connection.tunnelled))


async def test_upgrade_connection_is_never_pooled(rig: RigFactory) -> None:
    """A connection that was a tunnel is no connection for requests any more."""
    script = [read_request(), send(ACCEPTED), stall()]
    async with rig(
        script, [forever(read_request(), send(wire("HTTP/1.1 200 OK", "Content-Length: 2", body="ok")))]
    ) as running:
        async with running.client() as client:
            await client.send(WANTED)
            assert 101 == (await client.read_response()).status
        assert 200 == (await running.ask(get())).status
        assert 2 == len(running.upstream.connections)
