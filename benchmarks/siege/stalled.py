"""Peers that stop reading in the middle: what a proxy keeps in memory for each of them.

In: stalled readers and stalled upstreams. Not in: which proxies (``contenders``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from sidebyside.accounting import memory
from sidebyside.session import Running

_TOTAL = 64 * 1024 * 1024
_PIECE = b"x" * 65536
_WARM_UP = 50
_SETTLE_S = 1.0
_QUIET_S = 0.3


@dataclass(frozen=True, slots=True)
class Stalled:
    """Memory that *connections* stalled exchanges cost, in bytes for each."""

    name: str
    what: str
    connections: int
    bytes_each: int


async def measure_stalled_readers(entry: Running, port: int, count: int) -> Stalled:
    """*count* clients ask the upstream on *port* for 64 MiB each and never read."""
    async with _upstream(port, _pour):
        request = b"GET /pour HTTP/1.1\r\nHost: a\r\n\r\n"
        return Stalled(entry.contender.name, "reader", count, await _growth(entry, request, count))


async def measure_stalled_upstreams(entry: Running, port: int, count: int) -> Stalled:
    """*count* clients upload 64 MiB each to the upstream on *port*, which never reads them."""
    async with _upstream(port, _ignore):
        request = b"POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % _TOTAL
        return Stalled(entry.contender.name, "upstream", count, await _growth(entry, request, count, is_upload=True))


async def _growth(entry: Running, request: bytes, count: int, *, is_upload: bool = False) -> int:
    await _warm_up(entry.port)
    await asyncio.sleep(_SETTLE_S)
    before = memory(entry.process.pid).rss
    clients = [asyncio.create_task(_client(entry.port, request, is_upload=is_upload)) for _ in range(count)]
    try:
        after, grown = before, -1
        while after != grown:
            grown = after
            await asyncio.sleep(_QUIET_S)
            after = memory(entry.process.pid).rss
    finally:
        for client in clients:
            client.cancel()
        await asyncio.gather(*clients, return_exceptions=True)
    return (after - before) // count


async def _warm_up(port: int) -> None:
    for _ in range(_WARM_UP):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(b"GET /ok HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        await reader.read()
        writer.close()


async def _client(port: int, request: bytes, *, is_upload: bool) -> None:
    """Ask, send what there is to send, read nothing, and wait to be cancelled."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        await loop.sock_sendall(connection, request)
        for _ in range(_TOTAL // len(_PIECE) if is_upload else 0):
            await loop.sock_sendall(connection, _PIECE)
        await asyncio.Event().wait()


@contextlib.asynccontextmanager
async def _upstream(port: int, serve: Callable[[asyncio.StreamWriter], object]) -> AsyncIterator[None]:
    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # Cancelled when the measurement is over, which asyncio would tell as a fault of this function.
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            head = await reader.readuntil(b"\r\n\r\n")
            if head.startswith(b"GET /ok"):
                writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
                await writer.drain()
            else:
                await serve(writer)
        writer.close()

    server = await asyncio.start_server(accept, "127.0.0.1", port)
    try:
        yield
    finally:
        server.close()


async def _pour(writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % _TOTAL)
    for _ in range(_TOTAL // len(_PIECE)):
        writer.write(_PIECE)
        await writer.drain()


async def _ignore(writer: asyncio.StreamWriter) -> None:
    writer.transport.pause_reading()
    await asyncio.Event().wait()
