"""What the encoders make can be read by decoders of another make, and flushed bytes are enough for what came."""

from __future__ import annotations

import subprocess
import sys
import zlib
from collections.abc import AsyncIterator, Callable
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.compress.body import CompressedBody, compress_whole
from vizgate.compress.encoders import DEFAULT_LEVELS, Encoder, encoder_factory
from vizgate.compress.inflate.decoders import Decoder, decoder_factory
from vizgate.pipeline.body import BytesBody, StreamBody, discard

CODINGS = sorted(DEFAULT_LEVELS)
each_coding = pytest.mark.parametrize("coding", CODINGS)


def encoder(coding: str) -> Encoder:
    return encoder_factory(coding, DEFAULT_LEVELS[coding])()


def inflated(coding: str, data: bytes) -> bytes:
    decoder: Decoder = decoder_factory(coding)()
    content = b"".join(decoder.feed(data))
    decoder.finish()
    return content


@each_coding
@given(chunks=st.lists(st.tuples(st.binary(max_size=300), st.booleans()), max_size=8))
def test_encoder_any_chunks_come_out_as_they_went_in(coding: str, chunks: list[tuple[bytes, bool]]) -> None:
    """Whatever the chunks, and wherever they are flushed, decoding gives the content."""
    made = encoder(coding)
    coded = b"".join(made.feed(chunk) + (made.flush() if flushes else b"") for chunk, flushes in chunks)
    assert b"".join(chunk for chunk, _ in chunks) == inflated(coding, coded + made.finish())


@each_coding
def test_encoder_flushed_bytes_are_enough(coding: str) -> None:
    """After ``flush`` the other side can have everything that came, without the end."""
    made = encoder(coding)
    coded = made.feed(b"event: a\n\n") + made.flush()
    assert b"event: a\n\n" == b"".join(decoder_factory(coding)().feed(coded))


@each_coding
@pytest.mark.parametrize("size", [10, 5_000, 100_000])
async def test_stream_holds_nothing_back(coding: str, size: int) -> None:
    """Of a body without a length every chunk can be read before the next one has come, however long it is: it may be
    the last event for an hour.
    """
    event = Random(size).randbytes(size)

    async def events() -> AsyncIterator[bytes]:
        for _ in range(2):
            yield event
            assert event == received[-len(event) :]

    received = bytearray()
    decoder: Decoder = decoder_factory(coding)()
    async for coded in CompressedBody(StreamBody(events()), encoder(coding)):
        received += b"".join(decoder.feed(coded))
    assert event * 2 == received


def test_gzip_levels_of_the_standard_library_work_too() -> None:
    """Levels above 3 are those of zlib."""
    make = encoder_factory("gzip", 9)
    made = make()
    assert b"x" * 5000 == zlib.decompress(made.feed(b"x" * 5000) + made.finish(), 31)


@each_coding
@pytest.mark.parametrize("size", [0, 1, 100, 200_000])
async def test_compressed_body_streams(coding: str, size: int, stream_of: Callable[..., StreamBody]) -> None:
    """A stream becomes a stream of unknown length with the same content and the same trailers, large chunks too."""
    data = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    source = stream_of(data[: size // 2], data[size // 2 :], length=size)
    source.trailers.append((b"X-Sum", b"1"))
    body = CompressedBody(source, encoder(coding))
    assert body.length is None
    assert data == inflated(coding, b"".join([chunk async for chunk in body]))
    assert [(b"X-Sum", b"1")] == body.trailers


@each_coding
async def test_compressed_body_sends_short_chunks_at_once(coding: str, stream_of: Callable[..., StreamBody]) -> None:
    """Of a body of unknown length, a short chunk can be read before the next one comes."""
    body = CompressedBody(stream_of(b"first", b"second"), encoder(coding))
    chunks = aiter(body)
    assert b"first" == b"".join(decoder_factory(coding)().feed(await anext(chunks)))


async def test_compressed_body_can_be_discarded() -> None:
    """Nobody reads it: its source is broken off."""

    class Source:
        aborted = False

        def abort(self) -> None:
            self.aborted = True

    source = Source()
    discard(CompressedBody(StreamBody(source), encoder("gzip")))  # type: ignore[arg-type]
    assert source.aborted


@each_coding
async def test_compress_whole_large_and_small(coding: str) -> None:
    """Both ways, on the loop and off it, give the same content."""
    for data in (b"a" * 100, b"ab" * 50_000):
        assert data == inflated(coding, await compress_whole(data, encoder(coding)))
    assert 2 == len(await BytesBody(b"ok").read(2))


def test_importing_settings_brings_no_codec() -> None:
    """The packages are slow to import and wait until a configuration compresses."""
    program = (
        "import sys, vizgate.compress.config, vizgate.compress.inflate.config;"
        "sys.exit(bool({'brotli', 'zstandard', 'isal'} & set(sys.modules)))"
    )
    assert 0 == subprocess.run([sys.executable, "-c", program], check=False).returncode
