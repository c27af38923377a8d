"""The rules of bodies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from vizgate.errors import BodyTooLarge
from vizgate.pipeline.body import EMPTY, Body, BytesBody, StreamBody


async def _chunks(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def _collect(body: Body) -> list[bytes]:
    return [chunk async for chunk in body]


def test_bytes_body_is_one_chunk_again_and_again() -> None:
    """A body in memory can be iterated as often as one likes; an empty one has no chunk."""
    body = BytesBody(b"abc")
    assert [asyncio.run(_collect(body)), asyncio.run(_collect(body))] == [[b"abc"], [b"abc"]]
    assert (body.length, body.data, body.trailers, asyncio.run(_collect(EMPTY))) == (3, b"abc", [], [])
    assert asyncio.run(body.read(3)) == b"abc"
    with pytest.raises(BodyTooLarge):
        asyncio.run(body.read(2))


def test_stream_body_is_chunks_as_they_come() -> None:
    """A streamed body has a length only if it was announced, and is not in memory."""
    body = StreamBody(_chunks(b"a", b"b"), 2)
    assert (body.length, body.data, repr(body)) == (2, None, "<StreamBody [2 bytes]>")
    assert asyncio.run(_collect(body)) == [b"a", b"b"]
    assert repr(StreamBody(_chunks())) == "<StreamBody [unknown length]>"


def test_stream_body_read_keeps_it_in_memory() -> None:
    """What was read whole is there for the next who reads, with its true length."""
    body = StreamBody(_chunks(b"ab", b"c"))

    async def read_twice() -> tuple[bytes, bytes]:
        return await body.read(3), await body.read(3)

    assert asyncio.run(read_twice()) == (b"abc", b"abc")
    assert (body.data, body.length) == (b"abc", 3)


def test_stream_body_over_limit_is_too_large() -> None:
    """A body is never held in memory beyond the limit that its reader set."""
    with pytest.raises(BodyTooLarge):
        asyncio.run(StreamBody(_chunks(b"ab", b"cd", b"ef")).read(3))


def test_stream_body_after_too_large_is_spent() -> None:
    """Part of it is gone, so that the rest must never pass for the whole, however it is asked for."""
    body = StreamBody(_chunks(b"ab", b"cd", b"ef"))

    async def read_on() -> None:
        for _ in range(2):
            with pytest.raises(BodyTooLarge):
                await body.read(3)
        with pytest.raises(BodyTooLarge):
            await body.read(100)
        with pytest.raises(BodyTooLarge):
            await _collect(body)

    asyncio.run(read_on())
    assert body.data is None


def test_stream_body_trailers_are_the_producers() -> None:
    """Trailers are filled in by whoever produces the body."""
    trailers = [(b"A", b"1")]
    assert StreamBody(_chunks(), trailers=trailers).trailers is trailers
    assert StreamBody(_chunks()).trailers == []


def test_stream_body_read_can_still_be_iterated() -> None:
    """A body that a middleware has read whole still goes to whoever iterates it next ("unless ``data`` is there")."""
    body = StreamBody(_chunks(b"ab", b"c"))

    async def read_and_iterate() -> list[bytes]:
        await body.read(10)
        return await _collect(body)

    assert b"".join(asyncio.run(read_and_iterate())) == b"abc"


def test_stream_body_second_reader_with_smaller_limit_is_refused() -> None:
    """Each reader's limit holds, whoever read before."""
    body = StreamBody(_chunks(b"abc"))

    async def read_twice() -> None:
        await body.read(10)
        with pytest.raises(BodyTooLarge):
            await body.read(2)

    asyncio.run(read_twice())
