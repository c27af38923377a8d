"""Questions and answers between two ends of a socket."""

from __future__ import annotations

import asyncio
import os
import resource
import socket
from pathlib import Path

import pytest

from vizgate.errors import VizgateError
from vizgate.gateway.workers.channel.channel import Asked, Channel, ChannelClosed, Refused


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


class Other:
    """The other end; what it was told is in ``told``."""

    def __init__(self, sock: socket.socket) -> None:
        self.told: list[object] = []
        self.gate = asyncio.Event()
        self.channel = Channel(
            sock,
            {"echo": self._echo, "read": self._read, "fail": self._fail, "refuse": self._refuse, "wait": self._wait},
        )

    async def _echo(self, asked: Asked) -> object:
        self.told.append(asked.body)
        return [asked.body, asked.blob.decode()]

    async def _read(self, asked: Asked) -> list[str]:
        return [os.read(fd, 10).decode() for fd in asked.files]

    async def _fail(self, _: Asked) -> None:
        raise RuntimeError("broken")

    async def _refuse(self, _: Asked) -> None:
        raise VizgateError("not now")

    async def _wait(self, _: Asked) -> None:
        await self.gate.wait()


@pytest.fixture
async def ends():
    ours, theirs = socket.socketpair()
    channel, other = Channel(ours, {}), Other(theirs)
    channel.open()
    other.channel.open()
    yield channel, other
    channel.close()
    other.channel.close()


async def test_question_is_answered(ends):
    """Body and bytes arrive, however long they are; answers find their questions in any order."""
    channel, other = ends
    blob = b"x" * 3_000_000
    waiting = asyncio.ensure_future(channel.ask("wait"))
    assert [{"a": 1}, blob.decode()] == await channel.ask("echo", {"a": 1}, blob=blob)
    assert not waiting.done()
    other.gate.set()
    assert await waiting is None


async def test_descriptors_go_along_and_are_closed_afterwards(ends):
    """The other end reads from what was sent; neither end keeps it."""
    channel, _ = ends
    before = open_files()
    pipes = [os.pipe() for _ in range(3)]
    for number, (_, write) in enumerate(pipes):
        os.write(write, b"%d" % number)
    assert ["0", "1", "2"] == await channel.ask("read", files=[read for read, _ in pipes])
    for pipe in pipes:
        for fd in pipe:
            os.close(fd)
    assert before == open_files()


async def test_refusal_says_why(ends, caplog):
    """What the other end cannot do it says; what breaks there is told, and logged there."""
    channel, _ = ends
    with pytest.raises(Refused, match="not now"):
        await channel.ask("refuse")
    with pytest.raises(Refused, match="RuntimeError: broken"):
        await channel.ask("fail")
    with pytest.raises(Refused, match="not known"):
        await channel.ask("nothing of that name")
    assert "fail failed" in caplog.text


async def test_question_without_answer_ends_in_time(ends):
    """Who does not answer is not waited for; a late answer is nobody's."""
    channel, other = ends
    with pytest.raises(TimeoutError):
        await channel.ask("wait", timeout_s=0.01)
    other.gate.set()
    assert ["after", ""] == await channel.ask("echo", "after")


async def test_what_is_told_needs_no_answer(ends):
    """What was told before a question was heard before it."""
    channel, other = ends
    channel.tell("echo", "told")
    await channel.ask("echo", "asked")
    assert ["told", "asked"] == other.told


async def test_end_of_the_other_is_noticed(ends):
    """Whoever waits for an answer of one that is gone is told so, and so is whoever asks later."""
    channel, other = ends
    waiting = asyncio.ensure_future(channel.ask("wait"))
    await channel.ask("echo")
    other.channel.close()
    await channel.wait_closed()
    with pytest.raises(ChannelClosed):
        await waiting
    with pytest.raises(ChannelClosed):
        await channel.ask("echo")


async def test_one_that_never_reads_does_not_fill_us_up(ends):
    """A thousand questions without an answer are enough."""
    channel, _ = ends
    waiting = [asyncio.ensure_future(channel.ask("wait")) for _ in range(1024)]
    await asyncio.sleep(0)
    with pytest.raises(ChannelClosed, match="too many"):
        await channel.ask("wait")
    channel.close()
    assert 1024 == len(await asyncio.gather(*waiting, return_exceptions=True))


async def test_bytes_that_are_no_message_end_the_channel(ends, caplog):
    """Who does not make sense is not listened to."""
    channel, other = ends
    other.channel._sock.send(b"\xff" * 20)
    await channel.wait_closed()
    assert "announces too much" in caplog.text


async def test_descriptors_for_which_there_is_no_room_are_refused_and_nothing_else_is(ends):
    """Who may open no more files says so, and is still there; questions before and after are answered."""
    channel, other = ends
    read, write = os.pipe()

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    asks = [asyncio.ensure_future(channel.ask("echo", 1)), asyncio.ensure_future(channel.ask("read", files=[read]))]
    await asyncio.sleep(0)  # both are in the socket

    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        first, second = await asyncio.gather(*asks, return_exceptions=True)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert [1, ""] == first
    assert isinstance(second, Refused)
    assert "too many are open" in str(second)
    os.write(write, b"x")
    assert ["x"] == await channel.ask("read", files=[read])
    assert not other.channel.is_closed
    os.close(read)
    os.close(write)
