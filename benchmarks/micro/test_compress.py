"""What compressing costs: choosing a coding, and a page of 100 KiB at each level that is the default."""

from __future__ import annotations

from contextlib import suppress
from random import Random

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.compress.accept_encoding import choose_coding
from vizgate.compress.body import compress_now
from vizgate.compress.config import CompressConfig
from vizgate.compress.encoders import encoder_factory
from vizgate.compress.inflate.decoders import decoder_factory
from vizgate.compress.middleware import Compress
from vizgate.message.headers import Headers
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

_WORDS = [f"word{Random(n).getrandbits(16)}" for n in range(2000)]
PAGE = " ".join(Random(1).choices(_WORDS, k=14_000)).encode()[: 100 * 1024]
FIELDS = [(b"Content-Type", b"text/html"), *[(b"X-%d" % n, b"v") for n in range(8)]]


def test_choose_coding(benchmark: BenchmarkFixture) -> None:
    benchmark(choose_coding, b"gzip, deflate, br;q=0.9, zstd", (b"br", b"zstd", b"gzip"))


@pytest.mark.parametrize(
    ("coding", "level"), [("gzip", 1), ("gzip", 6), ("br", 4), ("br", 6), ("zstd", 3), ("zstd", 9)]
)
def test_compress_page(benchmark: BenchmarkFixture, coding: str, level: int) -> None:
    make = encoder_factory(coding, level)
    benchmark.extra_info["bytes"] = len(compress_now(PAGE, make()))
    benchmark(lambda: compress_now(PAGE, make()))


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd"])
def test_inflate_page(benchmark: BenchmarkFixture, coding: str) -> None:
    data = compress_now(PAGE, encoder_factory(coding, 3)())
    make = decoder_factory(coding)
    benchmark(lambda: sum(map(len, make().feed(data))))


@pytest.mark.parametrize("accepted", [b"", b"gzip"])
def test_compress_layer_around_a_short_answer(benchmark: BenchmarkFixture, accepted: bytes) -> None:
    """The whole layer where nothing is compressed, because it is too short."""
    layer = Compress(CompressConfig())
    request = Request("GET", b"/", Headers([(b"Host", b"a"), *FIELDS, (b"Accept-Encoding", accepted)]))

    async def forward(_request: Request) -> Response:
        return Response(200, Headers([*FIELDS]), b"short")

    def once() -> None:
        with suppress(StopIteration):
            layer(request, forward).send(None)

    benchmark(once)
