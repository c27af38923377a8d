"""The rules of reading from a ``Stream`` and of its ends, on both event loops."""

from __future__ import annotations

import asyncio

import pytest

from tests.unit.transport.conftest import MadeStream, Run, turns
from vizgate.testing import ManualClock
from vizgate.transport.deadlines import TICK_S, DeadlineSweeper
from vizgate.transport.stream import HIGH_WATER_BYTES, Stream, StreamLost, StreamTimedOut


def test_receive_waits_for_bytes(run: Run) -> None:
    """The reader gets what comes, joined when several pieces came before it asked."""

    async def scenario() -> None:
        made = MadeStream()
        made.later(made.stream.data_received, b"a")
        assert await made.stream.receive() == b"a"
        made.stream.data_received(b"b")
        made.stream.data_received(b"c")
        assert (made.stream.has_pending, made.stream.is_quiet) == (True, False)
        assert await made.stream.receive() == b"bc"
        assert (made.stream.has_pending, made.stream.is_quiet, made.stream.take()) == (False, True, b"")

    run(scenario())


def test_receive_at_end_is_empty_after_the_last_bytes(run: Run) -> None:
    """What came before the end is read first; then ``b""``, again and again, even once the connection is lost."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.data_received(b"a")
        assert made.stream.eof_received()
        assert await made.stream.receive() == b"a"
        assert (made.stream.is_gone, made.stream.is_quiet) == (True, False)
        assert (await made.stream.receive(), await made.stream.receive()) == (b"", b"")
        made.stream.connection_lost(None)
        assert await made.stream.receive() == b""

    run(scenario())


def test_receive_end_or_loss_resumes_reader(run: Run) -> None:
    """A waiting reader learns of the end as ``b""`` and of a loss as ``StreamLost``."""

    async def scenario() -> None:
        made = MadeStream()
        made.later(made.stream.eof_received)
        assert await made.stream.receive() == b""
        made = MadeStream()
        made.later(made.stream.connection_lost, None)
        with pytest.raises(StreamLost):
            await made.stream.receive()
        with pytest.raises(StreamLost):
            await made.stream.receive()

    run(scenario())


def test_receive_bytes_before_loss_are_read_first(run: Run) -> None:
    """What came before the connection broke is not thrown away."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.data_received(b"a")
        made.stream.connection_lost(ConnectionResetError())
        assert await made.stream.receive() == b"a"
        with pytest.raises(StreamLost):
            await made.stream.receive()

    run(scenario())


def test_receive_deadline_passes_times_out(run: Run) -> None:
    """Nothing before the deadline ends the wait, not before it and at most two ticks after."""

    async def scenario() -> None:
        made = MadeStream()
        task = asyncio.ensure_future(made.stream.receive(105.0))
        await turns()
        made.advance(4.9)
        await turns()
        assert not task.done()
        made.advance(0.1 + 2 * TICK_S)
        with pytest.raises(StreamTimedOut):
            await task
        with pytest.raises(StreamTimedOut):
            await made.stream.receive()
        made.stream.clear_timeout()
        made.later(made.stream.data_received, b"a")
        assert await made.stream.receive() == b"a"

    run(scenario())


def test_receive_in_time_ends_deadline(run: Run) -> None:
    """A deadline is that of one wait: bytes that came in time clear it, and the next wait has its own."""

    async def scenario() -> None:
        made = MadeStream()
        made.later(made.stream.data_received, b"a")
        assert await made.stream.receive(105.0) == b"a"
        assert made.stream.deadline_s == 0.0
        task = asyncio.ensure_future(made.stream.receive(120.0))
        await turns()
        made.advance(15.0)
        await turns()
        assert not task.done()
        made.later(made.stream.data_received, b"b")
        assert await task == b"b"
        assert len(made.sweeper) == 1

    run(scenario())


def test_receive_cancelled_leaves_no_deadline(run: Run) -> None:
    """A reader that was cancelled leaves nothing behind that could end a later wait."""

    async def scenario() -> None:
        made = MadeStream()
        task = asyncio.ensure_future(made.stream.receive(105.0))
        await turns()
        task.cancel()
        await turns()
        made.advance(10.0)
        made.later(made.stream.data_received, b"a")
        assert await made.stream.receive() == b"a"

    run(scenario())


def test_unread_bytes_over_high_water_pause_the_peer(run: Run) -> None:
    """Memory is bounded: a peer is not read further until what it sent is taken (RFC 9293 3.8.6)."""

    async def scenario() -> None:
        made = MadeStream()
        for _ in range(3):
            made.stream.data_received(b"x" * (HIGH_WATER_BYTES // 2))
        made.stream.data_received(b"y")
        assert made.transport.calls == ["pause"]
        assert len(await made.stream.receive()) == HIGH_WATER_BYTES // 2 * 3 + 1
        assert made.transport.calls == ["pause", "resume"]
        made.stream.data_received(b"z")
        assert await made.stream.receive() == b"z"
        assert made.transport.calls == ["pause", "resume"]

    run(scenario())


def test_waiting_reader_is_never_paused_for_what_it_takes(run: Run) -> None:
    """Bytes that a reader takes at once do not count as unread."""

    async def scenario() -> None:
        made = MadeStream()
        for _ in range(4):
            made.later(made.stream.data_received, b"x" * HIGH_WATER_BYTES)
            assert len(await made.stream.receive()) == HIGH_WATER_BYTES
        made.stream.data_received(b"y")
        assert made.transport.calls == []

    run(scenario())


def test_take_on_lost_or_closing_connection_does_not_resume_it(run: Run) -> None:
    """Reading is resumed only where there is something to be read."""

    async def scenario() -> None:
        for end in ("lost", "closing"):
            made = MadeStream()
            made.stream.data_received(b"x" * (HIGH_WATER_BYTES + 1))
            if end == "lost":
                made.stream.connection_lost(None)
            else:
                made.transport.closing = True
            assert len(made.stream.take()) == HIGH_WATER_BYTES + 1
            assert made.transport.calls == ["pause"]

    run(scenario())


def test_closing_connection_is_not_quiet(run: Run) -> None:
    """A connection that this side is closing is not good for anything more, though the loop has not said so yet."""

    async def scenario() -> None:
        made = MadeStream()
        assert made.stream.is_quiet
        made.transport.closing = True
        assert not made.stream.is_quiet

    run(scenario())


def test_fail_ends_every_wait(run: Run) -> None:
    """An owner can end all waits, present and later, with an error of its own; the first one stays."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.pause_writing()
        reader = asyncio.ensure_future(made.stream.receive())
        writer = made.loop.create_task(made.stream.drain())
        await turns()
        made.stream.fail(KeyError("first"))
        made.stream.fail(KeyError("second"))
        made.stream.clear_timeout()
        for wait in (reader, writer, made.stream.receive(), made.stream.drain()):
            with pytest.raises(KeyError, match="first"):
                await wait
        assert not made.stream.is_quiet

    run(scenario())


@pytest.mark.parametrize("event", ["eof", "lost"])
def test_on_gone_is_called_once(run: Run, event: str) -> None:
    """An owner that is busy elsewhere is told once that the peer has gone, by its end or by a break."""

    async def scenario() -> None:
        made, told = MadeStream(), []
        made.stream.on_gone = lambda: told.append(made.stream.is_gone)
        if event == "eof":
            made.stream.eof_received()
        made.stream.connection_lost(None)
        assert (told, made.stream.on_gone) == ([True], None)

    run(scenario())


@pytest.mark.parametrize("event", ["data", "eof", "lost"])
def test_on_unasked_is_called_for_what_nobody_may_expect(run: Run, event: str) -> None:
    """Bytes or an end on a connection where none are due are told, and not kept (RFC 9112 9.2)."""

    async def scenario() -> None:
        made, told = MadeStream(), []
        made.stream.on_unasked = lambda: told.append(event)
        if event == "data":
            made.stream.data_received(b"HTTP/1.1 200 OK\r\n\r\n")
        elif event == "eof":
            assert not made.stream.eof_received()
        else:
            made.stream.connection_lost(None)
        assert told == [event]

    run(scenario())


def test_write_and_ends_reach_the_transport(run: Run) -> None:
    """What is written goes out as it is; TLS cannot end one direction, so there ``send_eof`` does nothing."""

    async def scenario() -> None:
        made = MadeStream(peername=("192.0.2.1", 80))
        made.stream.write(b"a")
        made.stream.send_eof()
        made.stream.close()
        made.stream.abort()
        assert made.transport.calls == [b"a", "eof", "close", "abort"]
        assert made.stream.peer == "192.0.2.1"
        made = MadeStream(can_write_eof=False, peername="")
        made.stream.send_eof()
        assert (made.transport.calls, made.stream.peer) == ([], "")

    run(scenario())


def test_stream_without_transport_can_be_ended(run: Run) -> None:
    """A connection that was never made can be closed and aborted."""

    async def scenario() -> None:
        stream = Stream(asyncio.get_running_loop(), ManualClock(), DeadlineSweeper())
        stream.close()
        stream.abort()

    run(scenario())


def test_repr_tells_state(run: Run) -> None:
    """A stream shows whether it is open and how much lies unread in it."""

    async def scenario() -> None:
        made = MadeStream()
        made.stream.data_received(b"abc")
        assert repr(made.stream) == "<Stream [open, 3 bytes unread]>"
        made.stream.eof_received()
        assert repr(made.stream) == "<Stream [eof, 3 bytes unread]>"
        made.stream.connection_lost(None)
        assert repr(made.stream) == "<Stream [lost, 3 bytes unread]>"

    run(scenario())
