"""What reading HTTP/1.1 costs: request and response heads with either codec, chunked bodies, and writing heads.

Every head goes through the whole reader, so the strict grammar and the sorting of fields are in the figure.
"""

from __future__ import annotations

from importlib.util import find_spec
from itertools import cycle

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from vizgate.message.forwarding import ASSERTED
from vizgate.message.headers import Field
from vizgate.message.heads import CHUNKED, NO_BODY, BodyKind, Framing
from vizgate.message.template import field_lines
from vizgate.wire.bodies import make_decoder
from vizgate.wire.choice import choose_codec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader
from vizgate.wire.response import ResponseReader
from vizgate.wire.serialize import request_head, response_head

CODECS = [
    pytest.param(name, marks=pytest.mark.skipif(find_spec(name) is None, reason=f"{name} is not installed"))
    for name in ("httptools", "h11")
]
LIMITS = WireLimits()

BROWSER_FIELDS: list[Field] = [
    (b"Host", b"shop.example"),
    (
        b"User-Agent",
        b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36",
    ),
    (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"),
    (b"Accept-Language", b"en-GB,en;q=0.9,de;q=0.7"),
    (b"Accept-Encoding", b"gzip, deflate, br, zstd"),
    (b"Cache-Control", b"max-age=0"),
    (b"Referer", b"http://shop.example/catalogue/shoes?page=2&sort=price"),
    (b"Cookie", b"session=0f8fad5bd9cb469fa16570867728950e; consent=all; theme=dark"),
    (b"Sec-Fetch-Mode", b"navigate"),
    (b"Sec-Fetch-Site", b"same-origin"),
    (b"Upgrade-Insecure-Requests", b"1"),
]
RESPONSE_FIELDS: list[Field] = [
    (b"Server", b"nginx/1.22.1"),
    (b"Date", b"Sun, 22 Nov 2026 21:11:58 GMT"),
    (b"Content-Type", b"application/json"),
]


def head_of(first_line: bytes, fields: list[Field]) -> bytes:
    """A whole head."""
    return b"\r\n".join([first_line, *(name + b": " + value for name, value in fields), b"", b""])


REQUEST_HEADS = {
    "host-only": head_of(b"GET /api/v1/users/7 HTTP/1.1", BROWSER_FIELDS[:1]),
    "browser": head_of(b"GET /api/v1/users/7 HTTP/1.1", BROWSER_FIELDS),
}
RESPONSE_HEAD = head_of(
    b"HTTP/1.1 200 OK", [*RESPONSE_FIELDS, (b"Content-Length", b"100"), (b"Connection", b"keep-alive")]
)


def make_request_reader(codec: str) -> RequestReader:
    """A reader with the settings of a gateway's listener."""
    return RequestReader(choose_codec(codec), LIMITS, FieldSorter(ASSERTED, drop_underscored=True))


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("head", list(REQUEST_HEADS))
def test_request_head_first(benchmark: BenchmarkFixture, codec: str, head: str) -> None:
    """The first request of a connection, with the making of its reader."""
    chosen, sorter, block = choose_codec(codec), FieldSorter(ASSERTED, drop_underscored=True), REQUEST_HEADS[head]
    found = benchmark(lambda: RequestReader(chosen, LIMITS, sorter).feed(block))
    assert found is not None
    assert found.method == "GET"


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("head", list(REQUEST_HEADS))
def test_request_head_varied(benchmark: BenchmarkFixture, codec: str, head: str) -> None:
    """Further requests to another host each time, and so with everything read anew."""
    reader = make_request_reader(codec)
    blocks = cycle([REQUEST_HEADS[head].replace(b"shop.", b"shop%03d." % number) for number in range(256)])
    assert benchmark(lambda: reader.feed(next(blocks))) is not None


@pytest.mark.parametrize("codec", CODECS)
def test_request_head_with_other_values(benchmark: BenchmarkFixture, codec: str) -> None:
    """Further requests of a browser, with another cookie and another referrer each time."""
    reader = make_request_reader(codec)
    whole = REQUEST_HEADS["browser"]
    blocks = cycle(
        [whole.replace(b"0f8f", b"%04x" % number).replace(b"=2&", b"=%d&" % number) for number in range(256)]
    )
    assert benchmark(lambda: reader.feed(next(blocks))) is not None


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("head", list(REQUEST_HEADS))
def test_request_head_repeated(benchmark: BenchmarkFixture, codec: str, head: str) -> None:
    """Further requests with the same fields: what a load generator sends, and some services."""
    reader = make_request_reader(codec)
    assert benchmark(reader.feed, REQUEST_HEADS[head]) is not None


@pytest.mark.parametrize("codec", CODECS)
def test_request_head_in_two_pieces(benchmark: BenchmarkFixture, codec: str) -> None:
    """A browser's head cut in the middle, so that the first piece is checked on its own."""
    reader = make_request_reader(codec)
    whole = REQUEST_HEADS["browser"]
    first, second = whole[: len(whole) // 2], whole[len(whole) // 2 :]

    def feed() -> object:
        reader.feed(first)
        return reader.feed(second)

    assert benchmark(feed) is not None


@pytest.mark.parametrize("codec", CODECS)
def test_response_head_first(benchmark: BenchmarkFixture, codec: str) -> None:
    """The first response of a connection, with five fields and the making of its reader."""
    chosen, sorter = choose_codec(codec), FieldSorter()
    found = benchmark(lambda: ResponseReader(chosen, LIMITS, sorter).feed(RESPONSE_HEAD, to_head=False))
    assert found is not None
    assert found.status == 200


@pytest.mark.parametrize("codec", CODECS)
def test_response_head_repeated(benchmark: BenchmarkFixture, codec: str) -> None:
    """Further responses with the same head."""
    reader = ResponseReader(choose_codec(codec), LIMITS, FieldSorter())
    assert benchmark(reader.feed, RESPONSE_HEAD, to_head=False) is not None


@pytest.mark.parametrize("codec", CODECS)
def test_response_head_with_other_values(benchmark: BenchmarkFixture, codec: str) -> None:
    """Further responses of one kind, with another date and another length each time."""
    reader = ResponseReader(choose_codec(codec), LIMITS, FieldSorter())
    blocks = cycle(
        [RESPONSE_HEAD.replace(b":58", b":%d" % number).replace(b"100", b"%d" % number) for number in range(10, 250)]
    )
    assert benchmark(lambda: reader.feed(next(blocks), to_head=False)) is not None


@pytest.mark.parametrize(("size", "count"), [(16, 1), (16, 64), (64 * 1024, 16)])
def test_chunked_body(benchmark: BenchmarkFixture, size: int, count: int) -> None:
    """A chunked body that arrives in one piece."""
    body = (b"%x\r\n" % size + b"x" * size + b"\r\n") * count + b"0\r\n\r\n"

    def decode() -> bytes:
        decoder = make_decoder(CHUNKED, LIMITS)
        content = decoder.feed(body)
        assert decoder.done
        return content

    assert len(benchmark(decode)) == size * count


def test_length_body(benchmark: BenchmarkFixture) -> None:
    """A body of known length in 16 reads of 64 KiB."""
    piece = b"x" * 65536

    def decode() -> bool:
        decoder = make_decoder(Framing(BodyKind.LENGTH, 16 * len(piece)), LIMITS)
        for _ in range(16):
            decoder.feed(piece)
        return decoder.done

    assert benchmark(decode)


def test_write_request_head(benchmark: BenchmarkFixture) -> None:
    """A browser's head on its way to the upstream, its fields joined anew."""
    written = benchmark(lambda: request_head("GET", b"/api/v1/users/7", field_lines(BROWSER_FIELDS), NO_BODY))
    assert written == REQUEST_HEADS["browser"]


def test_write_response_head(benchmark: BenchmarkFixture) -> None:
    """A head with four fields on its way to the client, its fields joined anew."""
    framing = Framing(BodyKind.LENGTH, 100)
    written = benchmark(lambda: response_head(200, b"OK", field_lines(RESPONSE_FIELDS), framing))
    assert written == head_of(b"HTTP/1.1 200 OK", [*RESPONSE_FIELDS, (b"Content-Length", b"100")])
