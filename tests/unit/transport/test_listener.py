"""The rules of ``Listener``, on both event loops."""

from __future__ import annotations

import asyncio
import socket
import struct

import pytest

from tests.unit.transport.conftest import Run
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.listener import Listener, ListenFailed
from vizgate.transport.stream import Stream, StreamLost


def test_open_accepts_connections_until_closed(run: Run) -> None:
    """Every connection is handed over; after ``close`` none is accepted, and those that were live on."""

    async def scenario() -> None:
        accepted: asyncio.Queue[Stream] = asyncio.Queue()
        listener = Listener("127.0.0.1", 0)
        assert repr(listener) == "<Listener 127.0.0.1:0 [closed]>"
        listener.close()
        await listener.open(ManualClock(), DeadlineSweeper(), accepted.put_nowait)
        try:
            host, port = listener.address
            assert repr(listener) == f"<Listener 127.0.0.1:{port} [open]>"
            with socket.create_connection((host, port)) as peer:
                stream = await accepted.get()
                listener.close()
                await _assert_lives_on(stream, peer)
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection((host, port))
        finally:
            listener.close()

    run(scenario())


async def _assert_lives_on(stream: Stream, peer: socket.socket) -> None:
    peer.setblocking(False)
    await asyncio.sleep(0)
    assert stream.peer == "127.0.0.1"
    stream.write(b"still here")
    assert await asyncio.get_running_loop().sock_recv(peer, 100) == b"still here"
    stream.close()
    with pytest.raises(StreamLost):
        await stream.receive()


def test_drain_accepts_what_waits_in_the_queue(run: Run) -> None:
    """Who had connected before the end is served, not reset; who comes later is refused."""

    async def scenario() -> None:
        accepted: list[Stream] = []
        listener = Listener("127.0.0.1", 0)
        await listener.open(ManualClock(), DeadlineSweeper(), accepted.append)
        # The kernel completes these; the loop, which does not run meanwhile, has seen none of them.
        peers = [socket.create_connection(listener.address) for _ in range(20)]
        for number, peer in enumerate(peers):
            peer.sendall(b"%d" % number)
        gone = peers.pop()
        gone.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        gone.close()
        assert accepted == []
        await listener.drain()
        assert repr(listener).endswith("[closed]>")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(listener.address)
        for peer in peers:
            await _assert_answered(accepted, peer)
        await listener.drain()

    run(scenario())


async def _assert_answered(accepted: list[Stream], peer: socket.socket) -> None:
    """*peer*'s stream is among *accepted*: it brings what *peer* had sent, and takes an answer."""
    address = peer.getsockname()
    stream = next(stream for stream in accepted if stream.transport.get_extra_info("peername") == address)
    stream.write(b"got " + await stream.receive())
    peer.setblocking(False)
    with peer:
        assert (await asyncio.get_running_loop().sock_recv(peer, 100)).startswith(b"got ")
    stream.close()


def test_drain_of_closed_listener_does_nothing(run: Run) -> None:
    """A listener that was never opened, or is closed already, has nobody waiting."""

    async def scenario() -> None:
        listener = Listener("127.0.0.1", 0)
        await listener.drain()
        assert repr(listener) == "<Listener 127.0.0.1:0 [closed]>"

    run(scenario())


def test_open_taken_port_fails_with_reason(run: Run) -> None:
    """A port that is taken is an error that names address and reason."""

    async def scenario() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            listener = Listener("127.0.0.1", port)
            with pytest.raises(ListenFailed, match=rf"cannot listen on 127\.0\.0\.1:{port}: Address already in use"):
                await listener.open(ManualClock(), DeadlineSweeper(), lambda _: None)

    run(scenario())


def test_open_foreign_address_fails(run: Run) -> None:
    """An address that is not this machine's cannot be listened on (192.0.2.0/24 is nobody's, RFC 5737)."""

    async def scenario() -> None:
        with pytest.raises(ListenFailed, match=r"cannot listen on 192\.0\.2\.1:0"):
            await Listener("192.0.2.1", 0).open(ManualClock(), DeadlineSweeper(), lambda _: None)

    run(scenario())
