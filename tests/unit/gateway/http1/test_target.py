"""The rules of the usual attempt: however it ends, it is counted once, and its connection is kept or closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import cast

import pytest

from tests.unit.transport.conftest import MemoryTransport, turns
from vizgate.errors import ConnectFailed, InvalidResponse, ResponseTimedOut
from vizgate.gateway.http1.target import Http1Target
from vizgate.gateway.http1.target_context import TargetSettings, UpstreamTimeouts, WireTools
from vizgate.message.headers import Headers
from vizgate.observe.date import HttpDate
from vizgate.observe.metrics import TargetCells
from vizgate.pipeline.body import BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.pool import Endpoint, PooledStream, PoolLimits, TargetPool
from vizgate.wire.choice import choose_codec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits

ANSWER = b"HTTP/1.1 200 OK\r\nDate: now\r\nContent-Length: 5\r\n\r\nhello"


class Place:
    """A target with one kept connection, in the hand of the test."""

    def __init__(self) -> None:
        clock, sweeper = ManualClock(monotonic_s=100.0), DeadlineSweeper()
        loop = asyncio.get_running_loop()
        self.pool = TargetPool(Endpoint("127.0.0.1", 1), PoolLimits(), clock, sweeper)
        self.cells = TargetCells((1.0,))
        settings = TargetSettings("127.0.0.1:1", None, UpstreamTimeouts(), WireLimits())
        tools = WireTools(choose_codec(), FieldSorter(), clock, HttpDate(clock))
        self.target = Http1Target(settings, self.pool, self.cells, tools)
        self.stream = PooledStream(loop, clock, sweeper)
        self.transport = MemoryTransport()
        self.stream.connection_made(self.transport)
        self.stream.context = self.target.new_reader()
        self.pool.give(self.stream, 100.0)

    async def ask(self, request: Request, *told: Callable[[], object]) -> Response:
        """The answer to *request*; each of *told* is called by the loop, one after another."""
        task = asyncio.ensure_future(self.target.exchange(request))
        await turns()
        for tell in told:
            asyncio.get_running_loop().call_soon(tell)
            await turns()
        return await task

    @property
    def counted(self) -> dict[str, int]:
        """The attempts that ended, by how."""
        return {"ok": self.cells.ok, **self.cells.attempts}


def _request(method: str = "GET", body: bytes = b"") -> Request:
    return Request(method, b"/x", Headers([(b"Host", b"a.example")]), body=BytesBody(body))


async def test_whole_answer_keeps_the_connection() -> None:
    """It goes back to the pool, and the attempt is a good one."""
    place = Place()
    response = await place.ask(_request(), lambda: place.stream.data_received(ANSWER))
    assert (200, b"hello", False) == (response.status, response.body.data, response.local)
    assert b"Date: now\r\n" == response.field_lines()
    assert [b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"] == place.transport.calls
    assert (place.pool.idle, place.counted) == (1, {"ok": 1})


async def test_answer_in_pieces_keeps_the_connection() -> None:
    """What an ``Exchange`` takes over is one attempt all the same."""
    place = Place()
    response = await place.ask(
        _request("PUT", b"hi"),
        lambda: place.stream.data_received(ANSWER[:20]),
        lambda: place.stream.data_received(ANSWER[20:]),
    )
    assert response.body.data == b"hello"
    assert (place.pool.idle, place.counted) == (1, {"ok": 1})
    assert 1 == sum(place.cells.duration.counts)


async def test_answer_that_is_none_closes_the_connection() -> None:
    """Nothing that follows on it could be trusted."""
    place = Place()
    with pytest.raises(InvalidResponse):
        await place.ask(_request(), lambda: place.stream.data_received(b"HTTP/1.1 2000 OK\r\n\r\n"))
    assert "abort" in place.transport.calls
    assert (place.pool.idle, place.counted) == (0, {"ok": 0, "invalid": 1})


async def test_answer_that_does_not_come_closes_the_connection() -> None:
    """A late answer must not be taken for the next one's."""
    place = Place()
    with pytest.raises(ResponseTimedOut):
        await place.ask(_request(), place.stream.expire)
    assert "abort" in place.transport.calls
    assert (place.pool.idle, place.counted) == (0, {"ok": 0, "timeout": 1})


async def test_get_on_a_connection_that_was_closed_is_sent_on_another() -> None:
    """The stale one is an attempt of its own; here there is nobody to connect to for the second."""
    place = Place()
    with pytest.raises(ConnectFailed):
        await place.ask(_request(), place.stream.eof_received)
    assert "abort" in place.transport.calls
    assert (place.pool.idle, place.counted) == (0, {"ok": 0, "reset": 1, "connect_failure": 1})


async def test_body_with_empty_pieces_does_not_end_early() -> None:
    """An empty piece of a plugin's body is none. As a chunk it would be the last one, and what follows a request."""

    async def pieces() -> AsyncIterator[bytes]:
        for piece in (b"", b"a", b"", b"bc", b""):
            yield piece

    place = Place()
    request = Request("PUT", b"/x", Headers([(b"Host", b"a")]), body=StreamBody(pieces()))
    response = await place.ask(request, lambda: place.stream.data_received(ANSWER))
    assert 200 == response.status
    sent = b"".join(place.transport.calls)
    assert b"1\r\na\r\n2\r\nbc\r\n0\r\n\r\n" == sent.partition(b"\r\n\r\n")[2]


async def test_attempt_that_is_cancelled_closes_the_connection() -> None:
    """Its answer is for nobody, and would be the next one's."""
    place = Place()
    task = asyncio.ensure_future(place.target.exchange(_request()))
    await turns()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert "abort" in place.transport.calls
    assert (place.pool.idle, place.counted) == (0, {"ok": 0, "cancelled": 1})


async def test_request_that_cannot_be_written_does_not_lose_the_connection() -> None:
    """A middleware that sets a target which is no bytes fails alone: the connection is closed, not forgotten."""
    place = Place()
    request = _request()
    request.target = cast("bytes", "/text")
    with pytest.raises(TypeError):
        await place.ask(request)
    assert "abort" in place.transport.calls
    assert (place.pool.idle, place.counted) == (0, {"ok": 0, "cancelled": 1})
