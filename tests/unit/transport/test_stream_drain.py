"""The rules of waiting for a peer that does not keep up, on both event loops."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.transport.conftest import MadeStream, Run, turns
from vizgate.transport.deadlines import TICK_S
from vizgate.transport.stream import StreamLost, StreamTimedOut


def test_drain_waits_while_peer_does_not_keep_up(run: Run) -> None:
    """A writer waits from ``pause_writing`` to ``resume_writing``, and else not at all."""

    async def scenario() -> None:
        made = MadeStream()
        await made.stream.drain()
        made.stream.resume_writing()
        made.stream.pause_writing()
        assert made.stream.is_writing_paused
        task = made.loop.create_task(made.stream.drain())
        await turns()
        assert not task.done()
        made.later(made.stream.resume_writing)
        await task
        assert not made.stream.is_writing_paused

    run(scenario())


def test_drain_deadline_passes_times_out(run: Run) -> None:
    """A peer that does not read is given up at the deadline."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.pause_writing()
        task = made.loop.create_task(made.stream.drain(105.0))
        await turns()
        made.advance(5.0 + 2 * TICK_S)
        with pytest.raises(StreamTimedOut):
            await task
        with pytest.raises(StreamTimedOut):
            await made.stream.drain()

    run(scenario())


def test_drain_loss_resumes_writer(run: Run) -> None:
    """A writer that waits learns that the connection broke; so does one that comes later."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.pause_writing()
        made.later(made.stream.connection_lost, None)
        with pytest.raises(StreamLost):
            await made.stream.drain()
        with pytest.raises(StreamLost):
            await made.stream.drain()
        made.stream.write(b"dropped")
        made.stream.send_eof()
        made.stream.close()
        made.stream.abort()
        assert made.transport.calls == []

    run(scenario())


def test_deadline_is_the_earlier_of_reader_and_writer(run: Run) -> None:
    """The sweeper sees one deadline, the one that passes first; to clear it is to clear both."""

    async def scenario() -> None:
        made = MadeStream()
        reader = asyncio.ensure_future(made.stream.receive(120.0))
        await turns()
        made.stream.pause_writing()
        writer = made.loop.create_task(made.stream.drain(105.0))
        await turns()
        assert made.stream.deadline_s == 105.0
        made.later(made.stream.resume_writing)
        await writer
        assert made.stream.deadline_s == 120.0
        made.stream.pause_writing()
        writer = made.loop.create_task(made.stream.drain(130.0))
        await turns()
        assert made.stream.deadline_s == 120.0
        made.stream.deadline_s = 0.0
        assert made.stream.deadline_s == 0.0
        made.advance(50.0)
        await turns()
        assert (reader.done(), writer.done()) == (False, False)
        reader.cancel()
        writer.cancel()

    run(scenario())


def test_drain_keeps_deadline_of_waiting_reader(run: Run) -> None:
    """Reader and writer wait side by side: the reader's deadline still counts after the writer went on."""

    async def scenario() -> None:
        made = MadeStream()
        reader = asyncio.ensure_future(made.stream.receive(110.0))
        await turns()
        made.stream.pause_writing()
        writer = made.loop.create_task(made.stream.drain(105.0))
        await turns()
        made.later(made.stream.resume_writing)
        await writer
        made.advance(9.0)
        await turns()
        assert not reader.done()
        made.advance(1.0 + 2 * TICK_S)
        with pytest.raises(StreamTimedOut):
            await reader

    run(scenario())


@pytest.mark.parametrize("drain_until_s", [105.0, 120.0])
def test_drain_keeps_its_deadline_when_reader_goes_on(run: Run, drain_until_s: float) -> None:
    """Bytes from a peer that does not read do not prolong the writer's wait."""

    async def scenario() -> None:
        made = MadeStream()
        reader = asyncio.ensure_future(made.stream.receive(110.0))
        await turns()
        made.stream.pause_writing()
        writer = made.loop.create_task(made.stream.drain(drain_until_s))
        await turns()
        made.later(made.stream.data_received, b"a")
        assert await reader == b"a"
        made.advance(drain_until_s - 100.0 + 2 * TICK_S)
        await turns()
        assert writer.done()
        with pytest.raises(StreamTimedOut):
            await writer

    run(scenario())


def test_drain_keeps_its_deadline_when_reader_times_out(run: Run) -> None:
    """A reader whose time is over and who goes on does not leave the writer to wait for ever."""

    async def scenario() -> None:
        made = MadeStream()

        async def read() -> None:
            with pytest.raises(StreamTimedOut):
                await made.stream.receive(105.0)
            made.stream.clear_timeout()

        reader = asyncio.ensure_future(read())
        await turns()
        made.stream.pause_writing()
        writer = made.loop.create_task(made.stream.drain(110.0))
        await turns()
        made.advance(5.0 + 2 * TICK_S)
        await turns()
        assert (reader.done(), writer.done()) == (True, False)
        made.advance(5.0)
        await turns()
        assert writer.done()
        with pytest.raises(StreamTimedOut):
            await writer

    run(scenario())
