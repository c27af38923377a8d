"""What goes over a TLS connection, and how it ends."""

from __future__ import annotations

import asyncio
import resource
import socket
import ssl
import threading
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.integration.tls.secure import NAME, Files, ask, opened, parts_of, port_of, text_of, until
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import read_request, send, stall

MIB = 1024 * 1024


def before(files: Files, *targets: str, **service: Any) -> dict[str, Any]:
    routes = [{"name": "all", "match": {"path": "/*"}, "service": "up", "body_limit": 0}]
    return parts_of({"cert": files.pair(NAME)}, services={"up": {"targets": list(targets), **service}}, routes=routes)


async def test_websocket_over_tls(files: Files, log: Path) -> None:
    """Frames go both ways, large ones included, and the closing handshake reaches both ends, at once: a client waits
    for the server to end the connection (RFC 6455 7.1.1), which TLS cannot do one way only.
    """

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(echo, "127.0.0.1", 0, max_size=2 * MIB) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        async with opened(log, before(files, f"http://127.0.0.1:{port}")) as gateway:
            url = f"wss://127.0.0.1:{port_of(gateway)}/chat"
            context = files.client()
            context.set_alpn_protocols(["http/1.1"])
            async with connect(url, ssl=context, server_hostname=NAME, max_size=2 * MIB) as client:
                for message in ("text", b"x" * MIB, ""):
                    await client.send(message)
                    assert message == await client.recv()
                async with asyncio.timeout(5):
                    await client.close()
            assert 1000 == client.close_code


async def test_large_bodies_with_bounded_memory(files: Files, log: Path) -> None:
    """64 MiB up and as much down, read slowly at first, without the gateway holding more than a few MiB of it."""
    size = 64 * MIB

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        left = size
        while left:
            left -= len(await reader.read(min(left, 65536)))
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // MIB):
            writer.write(b"d" * MIB)
            await writer.drain()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    async with server, opened(log, before(files, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")) as gateway:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME
        )
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        writer.write(b"POST /up HTTP/1.1\r\nHost: a.example\r\nContent-Length: %d\r\n\r\n" % size)
        for _ in range(size // MIB):
            writer.write(b"u" * MIB)
            await writer.drain()
        await reader.readuntil(b"\r\n\r\n")
        left = size
        while left:
            left -= len(await reader.read(65536))
        grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - peak
        writer.transport.abort()
    # Upstream and client live in this process, too, and hold a megabyte or two each.
    assert grown_kib < 24 * 1024


async def test_client_that_does_not_read_stops_the_upstream(files: Files, log: Path) -> None:
    """Back-pressure goes through TLS: of an endless answer only what buffers hold is taken from the upstream."""
    sent = 0
    stopped = asyncio.Event()

    async def upstream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (1024 * MIB))
        try:
            while True:
                writer.write(b"d" * 65536)
                async with asyncio.timeout(1):
                    await writer.drain()
                sent += 65536
        except (TimeoutError, ConnectionError):
            stopped.set()
            writer.transport.abort()

    server = await asyncio.start_server(upstream, "127.0.0.1", 0)
    async with server, opened(log, before(files, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")) as gateway:
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME, limit=65536
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        async with asyncio.timeout(20):
            await stopped.wait()
        writer.transport.abort()
        del reader
    assert sent < 48 * MIB


async def test_cut_answer_is_no_clean_end(files: Files, log: Path) -> None:
    """A body that only the end of the connection delimits, cut by the upstream, ends with a reset: without one, many
    clients take half for the whole, although TLS has said no farewell.
    """
    cut = b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello"
    async with ScriptedUpstream([read_request(), send(cut), stall()]) as upstream:
        parts = before(files, f"http://127.0.0.1:{upstream.port}", timeouts={"idle": "200ms"})
        async with opened(log, parts) as gateway:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME
            )
            writer.write(b"GET / HTTP/1.0\r\nHost: a.example\r\n\r\n")
            assert (await asyncio.wait_for(reader.readuntil(b"hello"), 10)).endswith(b"hello")
            with pytest.raises((ConnectionResetError, ssl.SSLError)):
                await asyncio.wait_for(reader.read(), 10)
            writer.transport.abort()


async def test_client_that_leaves_releases_the_upstream(files: Files, log: Path) -> None:
    """A client that closes its TLS connection before the answer ends the attempt at the upstream."""
    async with (
        ScriptedUpstream([read_request(), stall()]) as upstream,
        opened(log, before(files, f"http://127.0.0.1:{upstream.port}")) as gateway,
    ):
        _, writer = await asyncio.open_connection(
            "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME
        )
        writer.write(b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n")
        await until(lambda: upstream.complete_requests)
        writer.close()
        await until(lambda: not gateway.state.metrics.gateway.requests_active)
    assert "client_abort" in text_of(log)


async def test_hsts_is_sent_over_tls(files: Files, log: Path) -> None:
    """``security_headers`` announces HSTS on a TLS listener, and does not on a plain one (RFC 6797 7.2)."""
    routes = [
        {"name": "x", "match": {"path": "/*"}, "service": "echo", "middleware": [{"use": "security_headers"}]},
    ]
    async with opened(log, parts_of({"cert": files.pair(NAME)}, routes=routes)) as gateway:
        assert "strict-transport-security" in (await ask(port_of(gateway), files.client())).fields
    async with opened(log, parts_of(None, routes=routes)) as gateway:
        assert "strict-transport-security" not in (await ask(port_of(gateway), None)).fields


async def test_kept_connection_and_pipelining(files: Files, log: Path) -> None:
    """Several requests in one record are answered in order, and the connection stays."""
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n"
    async with (
        ScriptedUpstream([read_request(), send(reply + b"1"), read_request(), send(reply + b"2"), stall()]) as upstream,
        opened(log, before(files, f"http://127.0.0.1:{upstream.port}")) as gateway,
    ):
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME
        )
        writer.write(b"GET /a HTTP/1.1\r\nHost: a.example\r\n\r\n" * 2)
        bodies = []
        for _ in range(2):
            await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            bodies.append(await reader.readexactly(1))
        writer.transport.abort()
    assert [b"1", b"2"] == bodies


async def test_slow_reader_gets_all_of_a_last_answer(files: Files, log: Path) -> None:
    """An answer that ends the connection reaches a client that takes its time: the close waits until it has left."""
    body = b"d" * MIB
    reply = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    def read_slowly(port: int) -> int:
        sock = connected(files, port, receive_bytes=4096)
        sock.settimeout(10)
        sock.sendall(b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n")
        got = 0
        pause = threading.Event()
        for _ in range(16):
            pause.wait(0.1)  # longer, in all, than a farewell may take
            got += len(sock.recv(4096))
        while data := sock.recv(65536):
            got += len(data)
        sock.close()
        return got

    async with (
        ScriptedUpstream([read_request(), send(reply + body), stall()]) as upstream,
        opened(log, before(files, f"http://127.0.0.1:{upstream.port}")) as gateway,
    ):
        assert len(body) < await asyncio.to_thread(read_slowly, port_of(gateway))


def connected(files: Files, port: int, receive_bytes: int = 0) -> ssl.SSLSocket:
    sock = socket.socket()
    if receive_bytes:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.connect(("127.0.0.1", port))
    return files.client().wrap_socket(sock, server_hostname=NAME)


async def test_client_that_answers_no_farewell_holds_nothing_up(files: Files, log: Path) -> None:
    """Clients whose idle connections nobody reads, as in the pools of many, do not keep a stopping gateway waiting."""

    def connect_and_ask(port: int) -> ssl.SSLSocket:
        sock = connected(files, port)
        sock.sendall(b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n")
        assert sock.recv(65536).startswith(b"HTTP/1.1 200")
        return sock

    async with opened(log, parts_of({"cert": files.pair(NAME)})) as gateway:
        sock = await asyncio.to_thread(connect_and_ask, port_of(gateway))
        async with asyncio.timeout(5):
            await gateway.stop()
        sock.close()
