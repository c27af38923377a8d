"""The rules of ``Stream`` over real connections, on both event loops."""

from __future__ import annotations

import asyncio
import socket

import pytest

from tests.unit.transport.conftest import Run, socket_pair, turns
from vizgate.testing import ManualClock
from vizgate.testing.upstream_connection import set_reset_on_close
from vizgate.transport.stream import HIGH_WATER_BYTES, Stream, StreamLost


def pass_time(stream: Stream, seconds: float) -> None:
    assert isinstance(stream.clock, ManualClock)
    stream.clock.advance(seconds)
    stream.sweeper.sweep(stream.clock.monotonic())


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


def test_close_that_peer_does_not_let_finish_is_bounded(run: Run) -> None:
    """What the peer has not taken some time after the close is dropped, and only then is the connection over."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        lost = asyncio.Event()
        stream.on_lost = lost.set
        while not stream.is_writing_paused:
            stream.write(b"x" * 65536)
        stream.close(flush_s=5.0)
        pass_time(stream, 4.9)
        await turns()
        assert (stream.is_closing, stream.is_lost, lost.is_set()) == (True, False, False)
        pass_time(stream, 0.2)
        await lost.wait()
        assert stream.is_lost
        peer.close()

    run(scenario())


def test_on_broken_tells_of_a_reset_behind_unread_bytes(run: Run) -> None:
    """An owner that does not read, and to whom an end means nothing, learns of a reset; once."""

    async def scenario() -> None:
        loop, told = asyncio.get_running_loop(), []
        stream, peer = await socket_pair()
        flood = loop.create_task(loop.sock_sendall(peer, b"y" * (64 << 20)))
        while not stream._reading_paused:  # noqa: ASYNC110  # nothing tells of it
            await asyncio.sleep(0)
        flood.cancel()
        await asyncio.wait([flood])
        stream.on_broken = lambda: told.append("broken")
        pass_time(stream, 1.0)
        assert told == []
        set_reset_on_close(peer)
        peer.close()
        pass_time(stream, 1.0)
        pass_time(stream, 1.0)
        assert told == ["broken"]
        stream.abort()
        await turns()

    run(scenario())


def test_send_eof_to_peer_that_has_just_reset_does_nothing(run: Run) -> None:
    """Between a reset and the moment the loop tells of it, saying goodbye is no error."""

    async def scenario() -> None:
        stream, peer = await socket_pair()
        set_reset_on_close(peer)
        peer.close()
        stream.send_eof()
        with pytest.raises(StreamLost):
            await stream.receive()

    run(scenario())
