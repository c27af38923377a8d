"""The rules of ``Stream`` over real connections, on both event loops."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.unit.transport.conftest import Run, socket_pair, turns
from vizgate.transport.stream import HIGH_WATER_BYTES, StreamLost


def test_abort_resets_a_real_connection(run: Run) -> None:
    """A broken-off body must not look ended: the peer sees a reset, not an end (RFC 9112 8)."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        stream.abort()
        stream.abort()
        with pytest.raises(ConnectionResetError):
            await asyncio.get_running_loop().sock_recv(peer, 1)
        with pytest.raises(StreamLost):
            await stream.receive()
        peer.close()

    run(scenario())


def test_close_sends_what_was_written_first(run: Run) -> None:
    """A closed connection ends cleanly, after its last byte."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        stream.write(b"x" * 300_000)
        stream.close()
        size = 0
        while data := await asyncio.get_running_loop().sock_recv(peer, 65536):
            size += len(data)
        assert size == 300_000
        peer.close()

    run(scenario())


def test_peer_half_close_leaves_writing_possible(run: Run) -> None:
    """After the peer's end, an answer can still be written."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        peer.shutdown(socket.SHUT_WR)
        assert await stream.receive() == b""
        stream.write(b"answer")
        stream.close()
        assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"answer"
        peer.close()

    run(scenario())


def test_backpressure_on_a_real_connection(run: Run) -> None:
    """A peer that does not read pauses the writer; a stream that nobody reads stops the peer, in bounded memory."""

    async def scenario() -> None:
        loop = asyncio.get_running_loop()
        stream, peer = await socket_pair()
        written = 0
        while not stream.is_writing_paused:
            stream.write(b"x" * 65536)
            written += 65536
        drained = loop.create_task(stream.drain())
        read = 0
        while read < written:
            read += len(await loop.sock_recv(peer, 65536))
        await drained
        flood = loop.create_task(loop.sock_sendall(peer, b"y" * (64 << 20)))
        while not stream._reading_paused:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
        assert stream._pending_bytes < 2 * HIGH_WATER_BYTES + 512 * 1024
        assert not flood.done()
        received = 0
        while received < 64 << 20:
            received += len(await stream.receive())
        await flood
        stream.close()
        peer.close()
        await turns()

    run(scenario())
