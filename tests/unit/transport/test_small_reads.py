"""What is parsed in one go is small, whatever a server sends."""

from __future__ import annotations

import asyncio

from vizgate.pipeline.ports import Call
from vizgate.testing import ScriptedUpstream
from vizgate.testing.steps import answer
from vizgate.transport.client import ControlClient
from vizgate.transport.small_reads import MOST_BYTES, SmallReads


class _Stream:
    """Has endless data, and notes how much of it was asked for."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    async def read(self, max_bytes: int, _timeout: float | None = None) -> bytes:
        self.asked.append(max_bytes)
        return b"x" * max_bytes

    async def start_tls(self, *_: object) -> _Stream:
        return self


class _Network:
    def __init__(self) -> None:
        self.stream = _Stream()

    async def connect_tcp(self, *_: object) -> _Stream:
        return self.stream


async def test_pieces_are_small_before_and_after_tls() -> None:
    """A library that asks for 64 KiB gets less; one that asks for less gets what it wants."""
    network = _Network()
    stream = await SmallReads(network).connect_tcp("a", 1)
    assert MOST_BYTES == len(await stream.read(65_536))
    secure = await stream.start_tls(None)
    assert (MOST_BYTES, 5) == (len(await secure.read(65_536)), len(await secure.read(5)))


async def test_others_have_their_turn_while_a_long_answer_is_read() -> None:
    """Chunks of one byte, 20,000 of them, are read in many steps."""
    reply = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 20_000 + b"0\r\n\r\n"
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    client, counting = ControlClient(), asyncio.ensure_future(count())
    try:
        async with ScriptedUpstream([answer(reply)]) as upstream:
            got = await client.exchange(Call(f"{upstream.url}/", timeout_s=20.0))
    finally:
        counting.cancel()
        await client.close()
    assert 20_000 == len(got.body)
    assert turns > len(reply) / MOST_BYTES
