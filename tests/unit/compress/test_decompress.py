"""``use: decompress`` at work, and what it does not let through."""

from __future__ import annotations

import asyncio
import gzip
import random
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import brotli
import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from vizgate.compress.inflate.body import InflatedBody, InflateLimits
from vizgate.compress.inflate.config import DecompressConfig
from vizgate.compress.inflate.decoders import Undecodable, decoder_factory
from vizgate.compress.inflate.middleware import Decompress
from vizgate.compress.inflate.room import FREE_WINDOW_BYTES, MOST_BYTES, WINDOWS, InflateRoom
from vizgate.errors import BadBody, BodyNeedsRoom, BodyTooLarge
from vizgate.message.headers import Headers
from vizgate.pipeline.body import BytesBody, StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

CODERS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": gzip.compress,
    "x-gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}
MIB = 1024 * 1024


async def exchange(body: Any, coding: str, **config: Any) -> tuple[Response, Request]:
    seen: list[Request] = []

    async def service(request: Request) -> Response:
        seen.append(request)
        await request.body.read(100 * MIB)
        return Response(200)

    fields = [("Content-Encoding", coding), ("Content-Digest", "sha-256=:AA==:"), ("X-A", "1")]
    request = Request("POST", b"/", Headers.of(fields), body=body)
    response = await Decompress(DecompressConfig.model_validate(config))(request, service)
    return response, request


@pytest.mark.parametrize("coding", sorted(CODERS))
async def test_decompress_service_sees_the_content(coding: str, stream_of: Callable[..., StreamBody]) -> None:
    """In memory or arriving, the service gets what the client compressed, and no field says that it was."""
    content = b"{}" * 5000
    coded = CODERS[coding](content)
    for body in (BytesBody(coded), stream_of(coded[:9], coded[9:], length=len(coded))):
        response, request = await exchange(body, coding)
        assert (200, content) == (response.status, request.body.data)
        assert [("X-A", "1")] == request.headers.items()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("streamed", [False, True])
async def test_decompress_bomb_ends_early(coding: str, streamed: bool, stream_of: Callable[..., StreamBody]) -> None:
    """What would become 1000 times as long is refused by ratio, and what is over the limit by size."""
    bomb = CODERS[coding](b"\0" * (32 * MIB))
    for config in ({"ratio": 50}, {"limit": MIB, "ratio": 2000}):
        body = stream_of(bomb) if streamed else BytesBody(bomb)
        with pytest.raises(BodyTooLarge, match="inflated body over"):
            await exchange(body, coding, **config)


async def test_inflated_body_makes_little_more_than_its_limit() -> None:
    """A bomb is stopped while it goes off: no piece is larger than what a decoder may give at once."""
    for coding in ("gzip", "deflate", "br", "zstd"):
        made: list[int] = []
        body = InflatedBody(
            BytesBody(CODERS[coding](b"\0" * (32 * MIB))),
            decoder_factory(coding)(),
            InflateLimits(MIB, 2000),
            InflateRoom(),
        )

        async def inflate(body: InflatedBody = body, made: list[int] = made) -> None:
            async for piece in body:
                made.append(len(piece))  # noqa: PERF401  # what came before the error counts

        with pytest.raises(BodyTooLarge):
            await inflate()
        assert sum(made) <= MIB
        assert max(made, default=0) <= MIB


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("fault", ["cut", "garbage", "more"])
async def test_decompress_body_that_is_not_whole_is_refused(coding: str, fault: str) -> None:
    """A body that is cut off, something else, or followed by something else is the client's mistake."""
    coded = CODERS[coding](b"content " * 40)
    body = {"cut": coded[:-3], "garbage": b"\x01\x02\x03\x04\x05\x06", "more": coded + b"garbage"}[fault]
    with pytest.raises(BadBody, match="Content-Encoding"):
        await exchange(BytesBody(body), coding)


@pytest.mark.parametrize("coding", ["compress", "gzip, gzip", "gzip, identity", "aes128gcm"])
async def test_decompress_other_codings_are_refused(coding: str) -> None:
    """415 says what would be taken; several codings over each other are not."""
    response, _ = await exchange(BytesBody(b"x"), coding)
    assert (415, "gzip, deflate, br, zstd") == (response.status, response.headers["Accept-Encoding"])


async def test_decompress_what_is_not_coded_passes() -> None:
    """Without the field, or with ``identity``, nothing is touched."""
    body = BytesBody(b"x")
    _, request = await exchange(body, "identity")
    assert body is request.body


async def test_decompress_empty_body_stays_empty() -> None:
    """A client that says gzip and sends nothing sends nothing."""
    response, request = await exchange(BytesBody(b""), "gzip")
    assert (200, b"") == (response.status, request.body.data)


def test_gzip_members_follow_each_other() -> None:
    """RFC 1952 2.2: a file of several members is their contents, one after the other; zstd frames likewise."""
    for coding in ("gzip", "zstd"):
        coded = CODERS[coding](b"one ") + CODERS[coding](b"two")
        assert b"one two" == b"".join(decoder_factory(coding)().feed(coded))


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
async def test_members_of_nothing_are_no_body(coding: str, stream_of: Callable[..., StreamBody]) -> None:
    """Each takes microseconds to begin: 10 MiB of them would keep a core busy for three seconds, and give nothing."""
    nothing = CODERS[coding](b"")
    with pytest.raises(BadBody):
        await exchange(stream_of(*[nothing * 1000] * 5), coding)
    _, request = await exchange(BytesBody(nothing * 60), coding)
    assert b"" == request.body.data


@pytest.mark.parametrize("coding", ["br", "zstd"])
async def test_windows_of_stalled_bodies_are_bounded_together(coding: str) -> None:
    """A client chooses how much a decoder keeps, and may stall then. Over what there is for all of them the answer is
    503; short bodies pass whatever others do, and what a body held is given back, however it ends.
    """
    window, room = WINDOWS[coding.encode()], InflateRoom()
    coded = CODERS[coding](bytes(window + MIB))

    async def stalls() -> AsyncIterator[bytes]:
        yield coded[:-1]
        await asyncio.Event().wait()

    async def take(body: Any) -> None:
        limits = InflateLimits(100 * MIB, 10**6, window)
        async for _ in InflatedBody(body, decoder_factory(coding)(), limits, room):
            pass

    tasks = [asyncio.create_task(take(StreamBody(stalls()))) for _ in range(MOST_BYTES // (window - FREE_WINDOW_BYTES))]
    while room.held_bytes < len(tasks) * (window - FREE_WINDOW_BYTES):  # noqa: ASYNC110  # tasks do it, and tell nobody
        await asyncio.sleep(0)
    with pytest.raises(BodyNeedsRoom):
        await take(BytesBody(coded))
    await take(BytesBody(CODERS[coding](bytes(MIB))))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert 0 == room.held_bytes
    await take(BytesBody(coded))
    assert 0 == room.held_bytes


@pytest.mark.parametrize("coding", ["gzip", "zstd"])
def test_members_that_hold_something_may_be_many(coding: str) -> None:
    """Logs that are written on have one for each part."""
    part = CODERS[coding](random.Random(1).randbytes(300))  # the same every time
    assert 300 * 2000 == sum(map(len, decoder_factory(coding)().feed(part * 2000)))


def test_deflate_without_header_is_understood() -> None:
    """Bare deflate, as many clients send it, byte by byte too."""
    packer = zlib.compressobj(wbits=-15)
    coded = packer.compress(b"content " * 20) + packer.flush()
    decoder = decoder_factory("deflate")()
    assert b"content " * 20 == b"".join(piece for byte in coded for piece in decoder.feed(bytes([byte])))
    decoder.finish()


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd"])
@given(data=st.binary(max_size=400), cut=st.integers(0, 400))
def test_decoder_any_bytes_give_content_or_undecodable(coding: str, data: bytes, cut: int) -> None:
    """No bytes break a decoder in another way, however they come."""
    decoder = decoder_factory(coding)()
    try:
        for part in (data[:cut], data[cut:]):
            for _ in decoder.feed(part):
                pass
        decoder.finish()
    except Undecodable:
        pass


async def test_inflating_lets_others_run() -> None:
    """Between the pieces of a body that becomes long, everybody else has a turn."""
    turns = 0

    async def count() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    other = asyncio.create_task(count())
    await exchange(BytesBody(gzip.compress(b"\0" * (4 * MIB))), "gzip", ratio=2000)
    other.cancel()
    assert turns > 30
