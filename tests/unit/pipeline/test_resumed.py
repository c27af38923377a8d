"""The rules of bodies whose beginning was read."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vizgate.errors import BodyTooLarge
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.resumed import ResumedBody, kept


async def chunks(*data: bytes) -> AsyncIterator[bytes]:
    for item in data:
        yield item


async def test_kept_body_is_in_memory_with_its_length_and_trailers() -> None:
    """What had no length has none afterwards, so that it leaves as it came; its trailers stay with it."""
    body = StreamBody(chunks(b"ab", b"c"), trailers=[(b"X-Sum", b"1")])
    whole = await kept(body, 3)
    assert (b"abc", None, [(b"X-Sum", b"1")]) == (whole.data, whole.length, whole.trailers)
    assert 3 == (await kept(StreamBody(chunks(b"abc"), 3), 3)).length


async def test_body_over_the_limit_goes_on_as_it_comes() -> None:
    """Nothing of it is lost, and no more of it is read than was needed to know."""
    source = chunks(b"ab", b"cd", b"ef")
    body = await kept(StreamBody(source), 3)
    assert (None, b"ef") == (body.data, await anext(source))
    assert [b"ab", b"cd"] == [chunk async for chunk in body]


async def test_resumed_body_can_be_read_whole() -> None:
    """Up to a limit, the beginning included."""
    assert b"abcd" == await ResumedBody([b"ab"], StreamBody(chunks(b"cd"))).read(4)
    with pytest.raises(BodyTooLarge):
        await ResumedBody([b"ab"], StreamBody(chunks(b"cd"))).read(3)
