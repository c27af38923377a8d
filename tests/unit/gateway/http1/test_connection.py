"""The rules of how a ``Connection`` ends, on transports that hold bytes back for as long as a test wants."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from tests.unit.transport.conftest import MemoryTransport, turns
from vizgate.config import load_text
from vizgate.gateway.public import PublicSite
from vizgate.gateway.server import Gateway
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import TICK_S
from vizgate.transport.stream import Stream

CONFIG = """
version: 1
server: {listen: "127.0.0.1:0", admin: "off"}
routes: [{name: all, match: {path: /*}, respond: {status: 200, text: hello}}]
observe: {access_log: {format: "off"}}
"""
GET = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
LAST = b"GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"
TURNS = 20


class Wire(MemoryTransport):
    """Ends like a real one. ``unsent``: bytes that the peer has not taken."""

    def __init__(self, stream: Stream, unsent: int) -> None:
        super().__init__()
        self.unsent = unsent
        self._stream = stream
        self._is_over = False

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def take_all(self) -> None:
        """The peer reads what is there."""
        self.unsent = 0
        if self.closing:
            self._end()

    def close(self) -> None:
        super().close()
        self.closing = True
        if not self.unsent:
            self._end()

    def abort(self) -> None:
        super().abort()
        self._end()

    def _end(self) -> None:
        if not self._is_over:
            self._is_over = True
            asyncio.get_running_loop().call_soon(self._stream.connection_lost, None)


class Place:
    """A gateway without listeners, whose time stands still."""

    def __init__(self) -> None:
        self.clock = ManualClock(monotonic_s=100.0)
        self.gateway = Gateway(load_text(CONFIG), clock=self.clock)
        self.site: PublicSite

    async def start(self) -> None:
        await self.gateway.start_parts()
        self.site = self.gateway._public = self.gateway.site()

    def connect(self, unsent: int = 0) -> tuple[Stream, Wire]:
        state = self.gateway.state
        stream = Stream(asyncio.get_running_loop(), state.clock, state.sweeper)
        wire = Wire(stream, unsent)
        stream.connection_made(wire)
        self.site.accept(stream)
        return stream, wire

    async def say(self, stream: Stream, data: bytes) -> None:
        """Have the loop tell *stream* what its client sends; ``b""`` is the end."""
        loop = asyncio.get_running_loop()
        if data:
            loop.call_soon(stream.data_received, data)
        else:
            loop.call_soon(stream.eof_received)
        await turns(TURNS)

    async def pass_time(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self.gateway.state.sweeper.sweep(self.clock.monotonic())
        await turns(TURNS)

    @property
    def count(self) -> int:
        """The connections there are, by the number that ``server.limits.connections`` bounds and by the metric."""
        assert len(self.site.connections) == self.site.cells.connections_active
        return len(self.site.connections)


@pytest.fixture
async def place() -> AsyncIterator[Place]:
    place = Place()
    await place.start()
    yield place
    async with asyncio.timeout(1.0):
        await place.gateway.stop(timeout_s=0.0)


async def test_connection_counts_until_its_last_bytes_have_left(place: Place) -> None:
    """A client that does not read its answer holds its place, and no longer than the time to write allows."""
    stream, wire = place.connect(unsent=10)
    await place.say(stream, LAST)
    assert (1, "close") == (place.count, wire.calls[-1])
    write_s = place.gateway.plan.server.timeouts.write_s
    await place.pass_time(write_s - 1)
    assert (1, "close") == (place.count, wire.calls[-1])
    await place.pass_time(1 + 2 * TICK_S)
    assert (0, "abort") == (place.count, wire.calls[-1])


async def test_stop_waits_for_bytes_that_have_not_left(place: Place) -> None:
    """An answer that was written counts as in flight until the client has it; nothing is cut."""
    stream, wire = place.connect(unsent=10)
    await place.say(stream, LAST)
    stopping = asyncio.create_task(place.gateway.stop())
    await turns(TURNS)
    assert not stopping.done()
    wire.take_all()
    await stopping
    assert (0, False) == (place.count, "abort" in wire.calls)


async def test_stop_answers_request_that_crosses_it_on_a_kept_connection(place: Place) -> None:
    """A client that may send at any moment is given a moment: its last request is answered and told to be the last."""
    (busy, busy_wire), (idle, idle_wire) = place.connect(), place.connect()
    for stream in (busy, idle):
        await place.say(stream, GET)
    stopping = asyncio.create_task(place.gateway.stop())
    await turns(TURNS)
    assert [1, 1] == [len(wire.calls) for wire in (busy_wire, idle_wire)]
    await place.say(busy, GET)
    assert "close" == busy_wire.calls[2]
    assert busy_wire.calls[1].startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nConnection: close\r\n" in busy_wire.calls[1]
    await place.pass_time(0.25 + 2 * TICK_S)
    await stopping
    assert "close" == idle_wire.calls[1]


async def test_stop_does_not_hurry_idle_connection_that_is_closing(place: Place) -> None:
    """The moment that idle connections are given is not the end of those whose last bytes are on their way."""
    stream, wire = place.connect(unsent=10)
    await place.say(stream, GET)
    await place.say(stream, b"")
    assert "close" == wire.calls[-1]
    stopping = asyncio.create_task(place.gateway.stop())
    await turns(TURNS)
    await place.pass_time(1.0)
    assert "abort" not in wire.calls
    wire.take_all()
    await stopping
