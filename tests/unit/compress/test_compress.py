"""``use: compress`` at work: what is compressed, and what its fields say."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from pydantic import ValidationError

from vizgate.compress.config import CompressConfig
from vizgate.compress.middleware import Compress
from vizgate.extension.contract import Context
from vizgate.message.headers import Headers
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response

TEXT = b"vizgate " * 1000
PLAIN = ("Content-Type", "text/plain")
GZIP = ("Accept-Encoding", "gzip")


async def exchange(
    answer: Response, *sent: tuple[str, str], method: str = "GET", context: Context | None = None, **config: Any
) -> Response:
    async def service(_request: Request) -> Response:
        return answer

    layer = Compress(CompressConfig.model_validate(config), context)
    return await layer(Request(method, b"/", Headers.of(sent)), service)


def answer(*fields: tuple[str, str], status: int = 200, body: Any = TEXT) -> Response:
    return Response(status, Headers.of(fields), body, local=False)


async def test_compress_sample_of_reference() -> None:
    """``{use: compress}`` as it stands: gzip for a client that takes gzip, and a Vary for everybody else."""
    context = Context(route="r")
    got = await exchange(answer(PLAIN, ("ETag", '"1"'), ("Accept-Ranges", "bytes")), GZIP, context=context)
    assert TEXT == zlib.decompress(got.body.data or b"", 31)
    assert len(got.body.data or b"") == got.body.length < len(TEXT)
    assert [PLAIN, ("ETag", 'W/"1"'), ("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")] == got.headers.items()
    assert 1 == context.metrics.counters("compressed_responses", "", ("route", "coding")).of("r", "gzip").value


async def test_compress_client_that_takes_none_gets_vary_only() -> None:
    """The content stays; a cache between must know that others would get another."""
    got = await exchange(answer(PLAIN, ("Vary", "Origin"), ("ETag", '"1"')))
    assert TEXT == got.body.data
    assert [PLAIN, ("Vary", "Origin, Accept-Encoding"), ("ETag", '"1"')] == got.headers.items()


@pytest.mark.parametrize(
    "left",
    [
        answer(PLAIN, ("Content-Encoding", "br")),
        answer(PLAIN, ("Content-Range", "bytes 0-7999/9000"), status=206),
        answer(PLAIN, ("Content-Range", "bytes 0-7999/9000")),
        answer(PLAIN, ("Cache-Control", "public, No-Transform")),
        answer(("Content-Type", "image/png")),
        answer(("Content-Type", "text/event-stream")),
        answer(),
        answer(PLAIN, status=204, body=b""),
        answer(PLAIN, body=b"x" * 1023),
    ],
    ids=["encoded", "206", "ranged", "no-transform", "image", "events", "no type", "no content", "short"],
)
async def test_compress_leaves_alone(left: Response) -> None:
    """Coded, ranged, not to be transformed, of another type, or short: as it came, in every field and byte."""
    fields, body = left.headers.items(), left.body
    got = await exchange(left, GZIP)
    assert (fields, body) == (got.headers.items(), got.body)


async def test_compress_respects_no_transform_of_the_request() -> None:
    """RFC 9111 5.2.1.6: a client may ask for what the service sent."""
    got = await exchange(answer(PLAIN), GZIP, ("Cache-Control", "no-transform"))
    assert TEXT == got.body.data


async def test_compress_identity_coding_counts_as_none() -> None:
    """``Content-Encoding: identity`` says nothing, and is replaced."""
    got = await exchange(answer(PLAIN, ("Content-Encoding", "identity")), GZIP)
    assert ["gzip"] == got.headers.get_all("Content-Encoding")


async def test_compress_head_says_what_get_would() -> None:
    """To HEAD: the same fields, without the length of the content as it was."""
    fields = (PLAIN, ("ETag", '"1"'))
    got = await exchange(answer(*fields, ("Content-Length", "8000"), body=b""), GZIP, method="HEAD")
    as_get = await exchange(answer(*fields), GZIP)
    assert as_get.headers == got.headers
    assert b"" == got.body.data
    short = await exchange(answer(*fields, ("Content-Length", "80"), body=b""), GZIP, method="HEAD")
    assert "Content-Encoding" not in short.headers


@pytest.mark.parametrize(
    ("held", "tag"), [('W/"1"', 'W/"1"'), ('W/"0", W/"1"', 'W/"1"'), ('"1"', '"1"'), ("*", '"1"'), ('W/"11"', '"1"')]
)
async def test_compress_304_has_the_tag_of_the_200(held: str, tag: str) -> None:
    """RFC 9110 15.4.5: whoever has the compressed content knows it by the weak tag, and is told that, and Vary."""
    got = await exchange(
        answer(("ETag", '"1"'), ("Content-Length", "8000"), status=304, body=b""), GZIP, ("If-None-Match", held)
    )
    if tag == '"1"':
        assert [("ETag", '"1"'), ("Content-Length", "8000")] == got.headers.items()
    else:
        assert [("ETag", tag), ("Vary", "Accept-Encoding")] == got.headers.items()


async def test_compress_stream_is_compressed_as_it_comes(stream_of: Callable[..., StreamBody]) -> None:
    """A body that still arrives is not held back, whatever its length."""
    got = await exchange(answer(PLAIN, body=stream_of(TEXT, TEXT, length=16_000)), GZIP)
    assert (None, None) == (got.body.data, got.body.length)
    assert TEXT * 2 == zlib.decompress(b"".join([chunk async for chunk in got.body]), 31)


async def test_compress_order_of_encodings_is_the_gateways() -> None:
    """Of codings that a client likes alike, the first that is configured."""
    taken = ("Accept-Encoding", "gzip, br, zstd")
    for first in ("gzip", "br", "zstd"):
        rest = [coding for coding in ("br", "gzip") if coding != first]
        got = await exchange(answer(PLAIN), taken, encodings=[first, *rest])
        assert first == got.headers["Content-Encoding"]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"encodings": []}, "encodings is empty"),
        ({"types": []}, "types is empty"),
        ({"encodings": ["gzip", "gzip"]}, "twice"),
        ({"encodings": ["deflate"]}, "'gzip', 'br' or 'zstd'"),
        ({"types": ["text"]}, "is not a media type"),
        ({"levels": {"gzip": 10}}, "levels 1 to 9"),
        ({"levels": {"br": 12}}, "levels 0 to 11"),
        ({"min_size": -1}, "size"),
    ],
)
def test_config_refuses(config: dict[str, Any], message: str) -> None:
    """What cannot work is told when it is loaded."""
    with pytest.raises(ValidationError, match=message):
        CompressConfig.model_validate(config)


def test_config_missing_package_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the package, br is not offered by default, and asking for it says what to install."""
    monkeypatch.setattr("vizgate.compress.config.has_coding", lambda coding: coding == "gzip")
    assert ("gzip",) == CompressConfig().offered
    with pytest.raises(ValidationError, match=r"pip install 'vizgate\[compress\]'"):
        CompressConfig(encodings=("br",))
