"""The rules of ``TargetPool``, over real connections and on both event loops."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import pytest
import trustme

from tests.unit.transport.conftest import Run
from vizgate.errors import ConnectFailed
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import TICK_S, DeadlineSweeper
from vizgate.transport.pool import Endpoint, PooledStream, PoolLimits, TargetPool
from vizgate.transport.stream import StreamLost


class _Upstream:
    """A listening socket whose connections the test holds in its hand."""

    def __init__(self) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listening.getsockname()[1]
        self.peers: list[socket.socket] = []

    def accept(self) -> socket.socket:
        peer, _ = self.listening.accept()
        peer.setblocking(False)
        self.peers.append(peer)
        return peer

    def close(self) -> None:
        for peer in [self.listening, *self.peers]:
            peer.close()


class _Pooled:
    def __init__(self, upstream: _Upstream, limits: PoolLimits) -> None:
        self.upstream = upstream
        self.clock = ManualClock(monotonic_s=1000.0)
        self.sweeper = DeadlineSweeper()
        self.sweeper.sweep(1000.0)
        self.pool = TargetPool(Endpoint("127.0.0.1", upstream.port), limits, self.clock, self.sweeper)

    async def connect(self) -> tuple[PooledStream, socket.socket]:
        return await self.pool.connect(5.0), self.upstream.accept()


@asynccontextmanager
async def _pooled(limits: PoolLimits | None = None) -> AsyncIterator[_Pooled]:
    upstream = _Upstream()
    pooled = _Pooled(upstream, limits or PoolLimits())
    try:
        yield pooled
    finally:
        pooled.pool.close()
        await _turns()
        upstream.close()


async def _turns(count: int = 5) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def _is_reset_or_ended(peer: socket.socket) -> bool:
    try:
        return await asyncio.get_running_loop().sock_recv(peer, 1) == b""
    except ConnectionResetError:
        return True


def test_take_gives_the_connection_used_last(run: Run) -> None:
    """Last in, first out: what is not needed grows old and is closed."""

    async def scenario() -> None:
        async with _pooled() as here:
            first, _ = await here.connect()
            second, _ = await here.connect()
            assert (first.reused, here.pool.take()) == (False, None)
            here.pool.give(first, here.clock.monotonic())
            here.pool.give(second, here.clock.monotonic())
            assert (here.pool.idle, first.is_idle) == (2, True)
            assert [here.pool.take(), here.pool.take(), here.pool.take()] == [second, first, None]
            assert (first.reused, first.is_idle, first.deadline_s) == (True, False, 0.0)
            first.close()
            second.close()

    run(scenario())


def test_take_given_back_connection_works(run: Run) -> None:
    """A connection that was idle reads and writes as before."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, peer = await here.connect()
            for number in (b"1", b"2", b"3"):
                stream.write(number)
                assert await asyncio.get_running_loop().sock_recv(peer, 9) == number
                peer.send(b"answer")
                assert await stream.receive() == b"answer"
                here.pool.give(stream, here.clock.monotonic())
                assert here.pool.take(careful=True) is stream
            stream.close()

    run(scenario())


def test_idle_bytes_drop_the_connection(run: Run) -> None:
    """Bytes on an idle connection must never answer the next request (RFC 9112 9.2: response-queue poisoning)."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, peer = await here.connect()
            here.pool.give(stream, here.clock.monotonic())
            peer.send(b"HTTP/1.1 200 OK\r\n\r\n")
            assert await _is_reset_or_ended(peer)
            assert (here.pool.idle, here.pool.take()) == (0, None)

    run(scenario())


def test_idle_end_drops_the_connection(run: Run) -> None:
    """A target that ends an idle connection is not asked over it again."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, peer = await here.connect()
            here.pool.give(stream, here.clock.monotonic())
            peer.shutdown(socket.SHUT_WR)
            assert await _is_reset_or_ended(peer)
            assert here.pool.idle == 0

    run(scenario())


@pytest.mark.parametrize("news", ["bytes", "end"])
def test_take_careful_sees_what_the_loop_has_not_told(run: Run, news: str) -> None:
    """For a request that must not be sent twice the socket itself is asked, so no news of this moment is missed."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, peer = await here.connect()
            here.pool.give(stream, here.clock.monotonic())
            if news == "bytes":
                peer.send(b"x")
            else:
                peer.shutdown(socket.SHUT_WR)
            assert here.pool.take(careful=True) is None
            assert here.pool.idle == 0

    run(scenario())


def test_give_with_unread_bytes_or_end_closes(run: Run) -> None:
    """Who gives back a connection with bytes left over, or one that has ended, does not see it again."""

    async def scenario() -> None:
        async with _pooled() as here:
            for left in (b"x", b""):
                stream, peer = await here.connect()
                stream.data_received(left) if left else stream.eof_received()
                here.pool.give(stream, here.clock.monotonic())
                assert here.pool.idle == 0
                assert await _is_reset_or_ended(peer)

    run(scenario())


def test_give_over_max_idle_closes(run: Run) -> None:
    """At most ``pool.max_idle`` connections are kept."""

    async def scenario() -> None:
        async with _pooled(PoolLimits(max_idle=1)) as here:
            kept, _ = await here.connect()
            surplus, peer = await here.connect()
            here.pool.give(kept, here.clock.monotonic())
            here.pool.give(surplus, here.clock.monotonic())
            assert (here.pool.idle, here.pool.take()) == (1, kept)
            assert await _is_reset_or_ended(peer)
            kept.close()

    run(scenario())


def test_idle_timeout_closes(run: Run) -> None:
    """A connection that lies idle for ``pool.idle_timeout`` is closed; one that was taken in time is not."""

    async def scenario() -> None:
        async with _pooled(PoolLimits(idle_timeout_s=10.0)) as here:
            old, peer = await here.connect()
            used, _ = await here.connect()
            here.pool.give(old, here.clock.monotonic())
            here.pool.give(used, here.clock.monotonic())
            assert here.pool.take() is used
            here.clock.advance(10.0 + 2 * TICK_S)
            here.sweeper.sweep(here.clock.monotonic())
            assert (here.pool.idle, old.is_idle) == (0, False)
            assert await _is_reset_or_ended(peer)
            assert used.is_quiet
            used.expire()
            assert not used.is_quiet
            used.close()

    run(scenario())


def test_give_back_after_break_is_not_kept(run: Run) -> None:
    """A connection that was lost while in use is not kept."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, _ = await here.connect()
            stream.abort()
            await _turns()
            here.pool.give(stream, here.clock.monotonic())
            assert here.pool.idle == 0

    run(scenario())


def test_give_closing_is_not_kept(run: Run) -> None:
    """A connection that is closing already is no connection for the next request."""

    async def scenario() -> None:
        async with _pooled() as here:
            stream, _ = await here.connect()
            stream.close()
            here.pool.give(stream, here.clock.monotonic())
            assert here.pool.idle == 0

    run(scenario())


def test_close_drops_idle_and_what_comes_back(run: Run) -> None:
    """A closed pool keeps nothing, then or later."""

    async def scenario() -> None:
        async with _pooled() as here:
            idle, idle_peer = await here.connect()
            busy, busy_peer = await here.connect()
            here.pool.give(idle, here.clock.monotonic())
            here.pool.close()
            here.pool.give(busy, here.clock.monotonic())
            assert here.pool.idle == 0
            assert await _is_reset_or_ended(idle_peer)
            assert await _is_reset_or_ended(busy_peer)

    run(scenario())


def test_connect_refused_fails_with_nothing_sent(run: Run) -> None:
    """Nobody listens there: ``ConnectFailed``, so that another target can be tried."""

    async def scenario() -> None:
        upstream = _Upstream()
        upstream.close()
        pool = TargetPool(Endpoint("127.0.0.1", upstream.port), PoolLimits(), ManualClock(), DeadlineSweeper())
        with pytest.raises(ConnectFailed, match="refused") as caught:
            await pool.connect(5.0)
        assert caught.value.nothing_sent

    run(scenario())


def test_connect_handshake_that_hangs_times_out(run: Run) -> None:
    """``timeouts.connect`` bounds the TLS handshake too."""

    async def scenario() -> None:
        upstream = _Upstream()
        endpoint = Endpoint("127.0.0.1", upstream.port, ssl.create_default_context())
        pool = TargetPool(endpoint, PoolLimits(), ManualClock(), DeadlineSweeper())
        try:
            with pytest.raises(ConnectFailed, match=r"within 0\.05 s"):
                await pool.connect(0.05)
        finally:
            upstream.close()

    run(scenario())


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


def _serve_tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("upstream.example").configure_cert(context)
    return context


@asynccontextmanager
async def _tls_target(authority: trustme.CA, server_name: str | None, says: bytes) -> AsyncIterator[TargetPool]:
    """The pool of a TLS target that says something, and ends the connection once it has been ended."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        if says:
            await reader.read()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=_serve_tls(authority))
    context = ssl.create_default_context()
    authority.configure_trust(context)
    endpoint = Endpoint("127.0.0.1", server.sockets[0].getsockname()[1], context, server_name)
    try:
        yield TargetPool(endpoint, PoolLimits(), ManualClock(), DeadlineSweeper())
    finally:
        server.close()
        await server.wait_closed()
        await _turns()


async def _wait_ended(stream: PooledStream) -> None:
    with suppress(StreamLost):
        while await stream.receive():
            pass


@pytest.mark.parametrize("server_name", ["upstream.example", "other.example", None])
def test_connect_tls_verifies_name(run: Run, authority: trustme.CA, server_name: str | None) -> None:
    """A target's certificate must be for the name it is asked under, else no connection (RFC 9110 4.3.4)."""

    async def scenario() -> None:
        async with _tls_target(authority, server_name, b"hello") as pool:
            if server_name == "upstream.example":
                stream = await pool.connect(5.0)
                assert await stream.receive() == b"hello"
                stream.close()
                await _wait_ended(stream)
            else:
                with pytest.raises(ConnectFailed, match="TLS handshake failed"):
                    await pool.connect(5.0)

    run(scenario())


def test_tls_end_by_target_logs_nothing(run: Run, authority: trustme.CA, caplog: pytest.LogCaptureFixture) -> None:
    """The end of a TLS connection is everyday business, not a warning in the log."""

    async def scenario() -> None:
        async with _tls_target(authority, "upstream.example", b"") as pool:
            stream = await pool.connect(5.0)
            await _wait_ended(stream)
            stream.close()

    run(scenario())
    assert [record.getMessage() for record in caplog.records] == []


@pytest.mark.parametrize(("host", "text"), [("a.example", "a.example:80"), ("::1", "[::1]:80")])
def test_endpoint_text_is_an_authority(host: str, text: str) -> None:
    """An endpoint shows as host and port, IPv6 in brackets (RFC 3986 3.2.2)."""
    assert str(Endpoint(host, 80)) == text
    pool = TargetPool(Endpoint(host, 80), PoolLimits(), ManualClock(), DeadlineSweeper())
    assert repr(pool) == f"<TargetPool {text} [0 idle]>"
