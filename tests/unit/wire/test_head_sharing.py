"""The rules of what ``RequestReader`` keeps from head to head: a head means what it means to a fresh reader."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizgate.errors import BadRequest, DownstreamError, HeadTooLarge, MethodNotImplemented
from vizgate.message.forwarding import ASSERTED
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader


def _get(target: bytes = b"/", method: bytes = b"GET") -> bytes:
    return method + b" " + target + b" HTTP/1.1\r\nHost: a.example\r\n\r\n"


_TAILS = [
    b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b" HTTP/1.1\r\nHost: b\r\nConnection: close\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n",
    b" HTTP/1.0\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 9.9.9.9\r\nReferer: x HTTP/1.1\r\n\r\n",
    b" HTTP/1.1\r\nHost: a b\r\n\r\n",
    b" HTTP/1.1\r\nHost: a\r\nX: " + b"y" * 5000 + b"\r\n\r\n",
]
_STARTS = [
    b"GET /", b"POST /x?y", b"GET http://c/z", b"OPTIONS *", b"GET *", b"CONNECT /", b"FROB /", b"GET / x", b"GET  /",
    b"GET /#", b"GET /\xff", b"get /", b"", b"GET ", b" /", b"GET / HTTP/1.1\r\nA: b",
    b"GET /" + b"l" * 300, b"\r\nGET /",
    b"GET /\r", b"GET /x:y\r\nB: c",
]  # fmt: skip
_heads = st.lists(st.tuples(st.sampled_from(_STARTS), st.sampled_from(_TAILS)).map(b"".join), max_size=6)


def _read_or_error(reader: RequestReader, block: bytes) -> object:
    try:
        head = reader.feed(block)
    except DownstreamError as error:
        return type(error), str(error)
    return None if head is None else (head.method, head.target, head.shape, reader.rest)


def _is_good(reader: RequestReader, block: bytes) -> bool:
    try:
        return reader.feed(block) is not None
    except DownstreamError:
        return False


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=300)
@given(_heads, st.sampled_from(_STARTS), st.sampled_from(_TAILS), st.sampled_from([b"", b"body"]))
def test_feed_after_other_heads_reads_as_if_first(before: list[bytes], start: bytes, tail: bytes, rest: bytes) -> None:
    """Whatever a connection has seen before, a head means what it means on a fresh connection."""
    limits = WireLimits(head_bytes=6000)
    for codec in (choose_codec("httptools"), choose_codec("h11")):
        sorter = FieldSorter(ASSERTED)
        warm = RequestReader(codec, limits, sorter)
        for block in before:
            # An error ends a connection, so only heads that are good can stand before another.
            if _is_good(RequestReader(codec, limits, sorter), block):
                warm.feed(block)
        fresh = RequestReader(codec, limits, sorter)
        assert _read_or_error(fresh, start + tail + rest) == _read_or_error(warm, start + tail + rest)


@pytest.mark.parametrize("start", _STARTS)
@pytest.mark.parametrize("tail", _TAILS[:6])
def test_feed_same_fields_other_request_line_reads_as_if_first(codec: HeadCodec, start: bytes, tail: bytes) -> None:
    """Fields that are known already never excuse a request line, nor lend it their meaning where it has its own."""
    warm, fresh = [RequestReader(codec, WireLimits(), FieldSorter(ASSERTED)) for _ in range(2)]
    assert warm.feed(b"PUT /first" + tail) is not None
    assert _read_or_error(fresh, start + tail) == _read_or_error(warm, start + tail)


def test_feed_same_fields_again_share_their_shape(codec: HeadCodec) -> None:
    """A head whose fields are those of the head before is not taken apart again."""
    reader = RequestReader(codec, WireLimits(), FieldSorter())
    first, second = reader.feed(_get()), reader.feed(_get(target=b"/other", method=b"POST"))
    assert first is not None
    assert second is not None
    assert ("POST", b"/other") == (second.method, second.target)
    assert first.shape is second.shape


def test_feed_same_fields_again_keeps_every_rule_of_the_request_line(codec: HeadCodec) -> None:
    """Known fields do not excuse a method that is not forwarded, or a head that is over its limit."""
    for block, error in ((_get(method=b"TRACE"), MethodNotImplemented), (_get(target=b"/" + b"x" * 80), HeadTooLarge)):
        reader = RequestReader(codec, WireLimits(head_bytes=110), FieldSorter())
        assert reader.feed(_get()) is not None
        with pytest.raises(error):
            reader.feed(block)


def test_first_line_is_kept_for_the_log(codec: HeadCodec) -> None:
    """What could not be read is shown by its beginning only."""
    reader = RequestReader(codec, WireLimits(), FieldSorter())
    with pytest.raises(BadRequest):
        reader.feed(b"GET  / " + b"x" * 500 + b"\r\n\r\n")
    assert reader.first_line == (b"GET  / " + b"x" * 500)[:256]
