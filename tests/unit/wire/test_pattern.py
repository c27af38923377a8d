"""The rules of ``HeadPattern``: a head that is read by comparison means what it means to a fresh reader."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from vizgate.errors import ExchangeError
from vizgate.message.forwarding import ASSERTED
from vizgate.message.headers import Field
from vizgate.message.heads import KIND_LENGTH, NO_BODY, Framing, RequestHead, ResponseHead
from vizgate.message.template import FieldTemplate
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.pattern import HeadPattern
from vizgate.wire.request import RequestReader
from vizgate.wire.response import HeadMemo, ResponseReader

NAMES = [
    b"Cookie", b"cookie", b"X-A", b"X_A", b"Date", b"Host", b"Content-Length", b"Transfer-Encoding", b"Connection",
    b"Keep-Alive", b"TE", b"Upgrade", b"Expect", b"X-Forwarded-For", b"X-Request-Id", b"Via", b"Bad Name", b"",
]  # fmt: skip
VALUES = [
    b"a", b"b.example", b" spaced\t", b"", b"\t", b"5", b"7", b"0", b"05", b"+5", b"5, 5", b"9" * 20, b"chunked",
    b"close", b"cookie, x-a", b"keep-alive", b"upgrade", b"websocket", b"100-continue", b"\xff\x80", b"a:b", b"a\nb",
    b"a\rb", b"a\0b", b"a\x7fb", b"\n", b"y" * 3000,
]  # fmt: skip
LIMITS = WireLimits(head_bytes=5000, fields=6, response_head_bytes=4000)
CODECS = [choose_codec("httptools"), choose_codec("h11")]

_lines = st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=7)
_changes = st.lists(st.tuples(st.integers(0, 6), st.sampled_from(VALUES)), max_size=3)


def _joined(first: bytes, fields: list[Field]) -> bytes:
    return first + b"\r\n" + b"".join([name + b":" + value + b"\r\n" for name, value in fields]) + b"\r\n"


@st.composite
def _heads(draw: st.DrawFn, firsts: list[bytes], always: list[Field]) -> list[bytes]:
    """Some heads, each the one before it with other values here and there, or another first line."""
    fields = [*always, *draw(_lines)]
    heads = []
    for changes in draw(st.lists(_changes, min_size=2, max_size=5)):
        for at, value in changes:
            if at < len(fields):
                fields[at] = (fields[at][0], value)
        heads.append(_joined(draw(st.sampled_from(firsts)), fields))
    return heads


def _told(reader: RequestReader | ResponseReader, block: bytes) -> object:
    """All that *reader* says about *block*."""
    try:
        head: RequestHead | ResponseHead | None
        head = reader.feed(block) if isinstance(reader, RequestReader) else reader.feed(block, to_head=False)
    except ExchangeError as error:
        return type(error), str(error)
    if isinstance(head, RequestHead):
        return head.method, head.target, head.shape, head.shape.template.lines, reader.rest
    return head, None if head is None else head.template.lines, reader.rest


def _request_reader(codec: HeadCodec) -> RequestReader:
    return RequestReader(codec, LIMITS, FieldSorter(ASSERTED, drop_underscored=True))


def _response_reader(codec: HeadCodec, memo: HeadMemo | None = None) -> ResponseReader:
    return ResponseReader(codec, LIMITS, FieldSorter(dropped=frozenset({b"x-request-id"})), memo)


_RELAXED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=400)


@_RELAXED
@given(_heads([b"GET / HTTP/1.1", b"POST /x HTTP/1.1", b"GET / HTTP/1.0", b"GET /a b HTTP/1.1"], [(b"Host", b"a")]))
def test_request_after_others_reads_as_if_first(heads: list[bytes]) -> None:
    """The same fields, the same framing, the same refusal: whatever the connection has seen before."""
    for codec in CODECS:
        warm = _request_reader(codec)
        for head in heads:
            expected = _told(_request_reader(codec), head)
            assert expected == _told(warm, head)
            if isinstance(expected, tuple) and isinstance(expected[0], type):
                break  # an error ends a connection


@_RELAXED
@given(_heads([b"HTTP/1.1 200 OK", b"HTTP/1.1 304 X", b"HTTP/1.0 200 a:b", b"HTTP/1.1 103 X"], []))
def test_response_after_others_reads_as_if_first(heads: list[bytes]) -> None:
    """An answer means what it says, whatever the target has said before, on whichever connection."""
    for codec in CODECS:
        memo = HeadMemo()
        for head in heads:
            assert _told(_response_reader(codec), head) == _told(_response_reader(codec, memo), head)


class _CountingCodec:
    """httptools, counting the heads that it is given."""

    name = "counting"

    def __init__(self) -> None:
        self._codec = choose_codec("httptools")
        self.heads = 0

    def request_fields(self, block: bytes) -> list[Field]:
        self.heads += 1
        return self._codec.request_fields(block)

    def response_fields(self, block: bytes) -> list[Field]:
        self.heads += 1
        return self._codec.response_fields(block)


_FIELDS = [(b"Host", b"a"), (b"Cookie", b"1"), (b"Content-Length", b"5"), (b"Connection", b"X-A"), (b"X-A", b"1")]


@pytest.mark.parametrize(
    ("at", "value", "times_read"),
    [(1, b"2", 1), (1, b"2\t", 1), (2, b"6", 1), (2, b"0", 2), (0, b"b", 2), (3, b"X-A, X-B", 2), (4, b"2", 2)],
)
def test_request_other_value_is_taken_apart_only_where_it_means_more(at: int, value: bytes, times_read: int) -> None:
    """Cookies and sizes are compared; Host, Connection, and what Connection names, are read by every rule."""
    codec = _CountingCodec()
    reader = _request_reader(codec)
    other = [(name, value if number == at else old) for number, (name, old) in enumerate(_FIELDS)]
    for fields in (_FIELDS, other):
        assert reader.feed(_joined(b"POST / HTTP/1.1", fields)) is not None
    assert codec.heads == times_read


@pytest.mark.parametrize(
    "other",
    [
        [(b"Cookie", b"1"), (b"Host", b"a")],
        [(b"Host", b"a"), (b"cookie", b"2")],
        [(b"Host", b"a"), (b"Cookie", b"2"), (b"Cookie", b"2")],
        [(b"Host", b"a")],
    ],
)
def test_request_other_names_are_read_by_every_rule(other: list[Field]) -> None:
    """Another order, another spelling, a line more or less: such a head is none of the pattern."""
    codec = _CountingCodec()
    reader = _request_reader(codec)
    for fields in ([(b"Host", b"a"), (b"Cookie", b"1")], other):
        assert reader.feed(_joined(b"GET / HTTP/1.1", fields)) is not None
    assert codec.heads == 2


def test_request_first_head_is_as_it_was_when_the_next_one_differs() -> None:
    """A shape that was given away is not written to: its request may still be on its way."""
    reader = _request_reader(CODECS[0])
    first = reader.feed(_joined(b"GET / HTTP/1.1", [(b"Host", b"a"), (b"Cookie", b"1")]))
    second = reader.feed(_joined(b"GET / HTTP/1.1", [(b"Host", b"a"), (b"Cookie", b"2")]))
    assert first is not None
    assert second is not None
    assert [(b"Host", b"a"), (b"Cookie", b"1")] == first.shape.fields
    assert b"Host: a\r\nCookie: 2\r\n" == second.shape.template.lines


def test_request_what_a_client_asserts_is_compared() -> None:
    """A proxy in front sends other addresses with each request on its connection; only these are read."""
    codec = _CountingCodec()
    reader = _request_reader(codec)
    for number in range(10):
        claims = [(b"X-Forwarded-For", b"192.0.2.%d" % number), (b"Via", b"1.1 front"), (b"Via", b"1.1 v%d" % number)]
        head = reader.feed(_joined(b"GET / HTTP/1.1", [claims[0], (b"Host", b"a"), *claims[1:]]))
        assert head is not None
        assert tuple(claims) == head.shape.asserted
    assert codec.heads == 1


def test_request_kinds_of_one_client_are_each_compared_with_their_own() -> None:
    """Requests for pages and for pictures take turns, and neither makes the other be read anew."""
    codec = _CountingCodec()
    reader = _request_reader(codec)
    for number in range(10):
        cookie = (b"Cookie", b"%d" % (number // 3))
        for fields in ([(b"Host", b"a"), cookie], [(b"Host", b"a"), cookie, (b"Accept", b"image/avif")]):
            head = reader.feed(_joined(b"GET / HTTP/1.1", fields))
            assert head is not None
            assert fields == head.shape.fields
    assert codec.heads == 2


def test_request_kinds_that_are_remembered_are_bounded() -> None:
    """A client with ever other fields does not fill the memory."""
    reader = _request_reader(CODECS[0])
    for number in range(6):
        fields = [(b"Host", b"a"), *[(b"A", b"1")] * (number % 5)]
        assert reader.feed(_joined(b"GET / HTTP/1.1", fields)) is not None
        assert len(reader._known) <= 4


def test_response_sizes_and_dates_are_compared() -> None:
    """Answers of one kind are taken apart once, whatever their size and date."""
    codec = _CountingCodec()
    memo = HeadMemo()
    lengths = []
    for number in range(1, 100):
        fields = [(b"Date", b"day %d" % number), (b"Content-Length", b"%d" % number), (b"X-Request-Id", b"%d" % number)]
        head = _response_reader(codec, memo).feed(_joined(b"HTTP/1.1 200 OK", fields), to_head=False)
        assert head is not None
        assert ((b"Date", b"day %d" % number),) == head.template.fields
        lengths.append((head.framing, head.plain_length))
    assert [(Framing(KIND_LENGTH, number), number) for number in range(1, 100)] == lengths
    assert codec.heads == 1


def test_response_kinds_that_are_remembered_are_bounded() -> None:
    """An upstream with ever new status lines does not fill the memory."""
    memo = HeadMemo()
    for number in range(100):
        _response_reader(CODECS[0], memo).feed(_joined(b"HTTP/1.1 200 %d" % number, []), to_head=False)
    assert len(memo.patterns) <= 16
    assert len(memo.heads) <= 64
    assert repr(memo) == f"<HeadMemo [{len(memo.heads)} heads, {len(memo.patterns)} patterns]>"


def test_pattern_shows_its_size() -> None:
    """A pattern in a debugger shows how much it holds, and no value of a field."""
    pattern = HeadPattern([b" HTTP/1.1", b"A: 1", b"", b""], FieldTemplate([(b"A", b"1")]), (), NO_BODY, FieldSorter())
    assert repr(pattern) == "<HeadPattern [1 fields, 0 asserted]>"
