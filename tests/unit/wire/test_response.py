"""The rules of ``ResponseReader``, each with both codecs, whole and byte by byte."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.wire.conftest import ReadResponse
from vizgate.errors import InvalidResponse
from vizgate.message.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, BodyKind, Framing
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.response import HeadMemo, ResponseReader

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH_5 = Framing(BodyKind.LENGTH, 5)


def test_feed_plain_response_is_understood(read_response: ReadResponse) -> None:
    """Status, reason, end-to-end fields in order and as spelled, framing; what follows is rest."""
    data = (
        OK
        + b"Set-Cookie: a\r\nset-cookie:  b \r\nDate: x\r\nConnection: x-a\r\nX-A: 1\r\nContent-Length: 5\r\n\r\nhello+"
    )
    head, rest = read_response(data)
    assert (200, b"OK", 1, LENGTH_5, True, b"") == (
        head.status,
        head.reason,
        head.minor,
        head.framing,
        head.keep_alive,
        head.upgrade,
    )
    assert head.template.fields == ((b"Set-Cookie", b"a"), (b"set-cookie", b"b"), (b"Date", b"x"))
    assert (b"hello+", True) == (rest, head.has_date)


@pytest.mark.parametrize("line", [b"HTTP/1.1 200", b"HTTP/1.1 200 ", b"HTTP/1.0 299 \xff\t x", b"HTTP/1.1 599 a b"])
def test_feed_odd_but_valid_status_line_is_read(read_response: ReadResponse, line: bytes) -> None:
    """The reason phrase may be empty or hold obs-text; a client ignores it (RFC 9112 4)."""
    head, _ = read_response(line + b"\r\n\r\n")
    assert line.split(b" ", 1)[1][:3] == b"%d" % head.status
    assert not head.has_date


@pytest.mark.parametrize(
    "head",
    [
        b"", b"\r\n", b"hello\r\n", b"HTTP/1.1\r\n", b"HTTP/1.1 \r\n", b"HTTP/1.1 20\r\n",
        b"HTTP/1.1 2000 OK\r\n", b"HTTP/1.1 20x\r\n",
        b"HTTP/1.1 099 X\r\n", b"HTTP/1.1 600 X\r\n", b"HTTP/1.1 999 X\r\n", b"HTTP/1.1  200 OK\r\n",
        b"HTTP/1.1 200OK\r\n",
        b"HTTP/2.0 200 OK\r\n", b"HTTP/1.2 200 OK\r\n", b"http/1.1 200 OK\r\n", b" HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1\t200 OK\r\n",
        b"HTTP/1.1 200 O\0K\r\n", b"HTTP/1.1 200 O\rK\r\n", b"HTTP/1.1 200 OK\n", b"\x15\x03\x01\r\n",
        b"ICY 200 OK\r\n",
        b"HTTP/1.1 -20 X\r\n", b"\r\nHTTP/1.1 200 OK\r\n", b"HTTP/1.1 2 OK\r\n",
    ],
)  # fmt: skip
def test_feed_malformed_status_line_is_invalid(read_response: ReadResponse, head: bytes) -> None:
    """What is no HTTP/1 response becomes 502, never the client's problem (RFC 9112 4, RFC 9110 15)."""
    with pytest.raises(InvalidResponse):
        read_response(head + b"X: 1\r\n\r\n")


@pytest.mark.parametrize(
    "lines",
    [
        b"X : 1\r\n", b" X: 1\r\n", b"X: 1\r\n 2\r\n", b"X\r\n", b"X: a\0b\r\n", b"X: a\rb\r\n",
        b"X: a\nb\r\n", b"X: a\n\r\n",
        b": 1\r\n", b"X Y: 1\r\n", b"X: \x7f\r\n", b"X: 1\r\nLocation: a\rSet-Cookie: b\r\n",
    ],
)  # fmt: skip
def test_feed_malformed_field_line_is_invalid(read_response: ReadResponse, lines: bytes) -> None:
    """Obs-fold, space before the colon, CR, LF or NUL could split the response: 502 (RFC 9112 5.1, 5.2; 9110 5.5)."""
    with pytest.raises(InvalidResponse):
        read_response(OK + lines + b"\r\n")
    with pytest.raises(InvalidResponse):
        read_response(OK + b"A: 1\r\n" + lines + b"\r\n")


@pytest.mark.parametrize(
    ("lines", "framing"),
    [
        (b"", UNTIL_CLOSE),
        (b"Content-Length: 0\r\n", NO_BODY),
        (b"Content-Length: 5\r\n", LENGTH_5),
        (b"transfer-encoding: Chunked\r\n", CHUNKED),
    ],
)
def test_feed_framing_is_decided(read_response: ReadResponse, lines: bytes, framing: Framing) -> None:
    """Chunked, length, or until the connection ends (RFC 9112 6.3); the framing fields go no further."""
    head, _ = read_response(OK + lines + b"\r\n")
    assert (framing, ()) == (head.framing, head.template.fields)


@pytest.mark.parametrize(
    "lines",
    [
        b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        b"Content-Length: 5\r\nContent-Length: 6\r\n",
        b"Content-Length: 5\r\nContent-Length: 5\r\n",
        b"Content-Length: 5, 5\r\n",
        b"Content-Length: x\r\n",
        b"Content-Length: -1\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Transfer-Encoding: gzip\r\n",
        b"Transfer-Encoding: gzip, chunked\r\n",
        b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        b"Transfer-Encoding: \r\n",
    ],
)
def test_feed_ambiguous_framing_is_invalid(read_response: ReadResponse, lines: bytes) -> None:
    """A length or coding that two readers could read in two ways is 502 (RFC 9112 6.3)."""
    with pytest.raises(InvalidResponse):
        read_response(OK + lines + b"\r\n")


def test_feed_transfer_encoding_on_http10_is_invalid(read_response: ReadResponse) -> None:
    """Transfer-Encoding in HTTP/1.0 MUST be treated as faulty framing (RFC 9112 6.1)."""
    with pytest.raises(InvalidResponse):
        read_response(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")


@pytest.mark.parametrize(
    ("line", "lines", "keep_alive"),
    [
        (OK, b"", True),
        (OK, b"Connection: close\r\n", False),
        (b"HTTP/1.0 200 OK\r\n", b"", False),
        (b"HTTP/1.0 200 OK\r\n", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_feed_keep_alive_follows_version_and_connection(
    read_response: ReadResponse, line: bytes, lines: bytes, *, keep_alive: bool
) -> None:
    """Close ends it; else 1.1 persists, and 1.0 if it says keep-alive (RFC 9112 9.3)."""
    assert read_response(line + lines + b"\r\n")[0].keep_alive is keep_alive


@pytest.mark.parametrize(("status", "to_head"), [(200, True), (304, False), (304, True)])
def test_feed_length_of_a_body_not_sent_is_a_field(read_response: ReadResponse, status: int, *, to_head: bool) -> None:
    """In answers to HEAD and in 304 Content-Length tells of another body, so it travels on (RFC 9110 8.6)."""
    data = b"HTTP/1.1 %d X\r\nA: 1\r\nContent-Length: 5\r\n\r\nHTTP" % status
    head, rest = read_response(data, to_head=to_head)
    assert (NO_BODY, ((b"A", b"1"), (b"Content-Length", b"5")), b"HTTP") == (head.framing, head.template.fields, rest)


def test_feed_204_and_1xx_have_neither_body_nor_length(read_response: ReadResponse) -> None:
    """204 and 1xx have no content, and no Content-Length goes with them (RFC 9110 8.6, 15.3.5)."""
    for line in (b"HTTP/1.1 204 X\r\n", b"HTTP/1.1 103 X\r\n", b"HTTP/1.1 100 Continue\r\n"):
        head, _ = read_response(line + b"Content-Length: 5\r\nA: 1\r\n\r\n")
        assert (NO_BODY, ((b"A", b"1"),)) == (head.framing, head.template.fields)


def test_feed_switching_protocols_is_understood(read_response: ReadResponse) -> None:
    """A 101 names what it switches to; the bytes after it are the new protocol's (RFC 9110 7.8)."""
    data = b"HTTP/1.1 101 X\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: y\r\n\r\n\x81\x00"
    head, rest = read_response(data)
    assert (101, b"websocket", NO_BODY, b"\x81\x00") == (head.status, head.upgrade, head.framing, rest)
    assert head.template.fields == ((b"Sec-WebSocket-Accept", b"y"),)


@pytest.mark.parametrize("lines", [b"", b"Upgrade: websocket\r\n", b"Connection: upgrade\r\n"])
def test_feed_switching_to_nothing_is_invalid(read_response: ReadResponse, lines: bytes) -> None:
    """A server "MUST generate an Upgrade header field" in a 101 (RFC 9110 15.2.2); without one it is no 101."""
    with pytest.raises(InvalidResponse):
        read_response(b"HTTP/1.1 101 X\r\n" + lines + b"\r\n")


def test_feed_head_over_its_limit_is_invalid(read_response: ReadResponse) -> None:
    """A response head over ``limits.response_head`` is 502, whether its end is there or not."""
    data = OK + b"X: " + b"x" * 100 + b"\r\n\r\n"
    assert read_response(data + b"body", WireLimits(response_head_bytes=len(data)))[1] == b"body"
    for cut in (data, data[:-4]):
        with pytest.raises(InvalidResponse):
            read_response(cut, WireLimits(response_head_bytes=len(data) - 5))


def test_feed_unfinished_head_waits(read_response: ReadResponse) -> None:
    """Any beginning of a valid head is waited for."""
    data = OK + b"Accept: */*\r\nX:\ty\r\n\r\n"
    for size in range(len(data)):
        with pytest.raises(EOFError):
            read_response(data[:size])


@pytest.mark.parametrize(
    "start",
    [
        b"X",
        b"HTTP/1.",
        b"HTTP/1.1 6",
        b"HTTP/1.1 200 \n",
        b"HTTP/1.1 20\r\n",
        b"HTTP/1.1\r\n",
        OK + b"A b\r\n",
        OK + b"A: 1\r\nB\n",
    ],
)
def test_feed_hopeless_beginning_is_invalid_at_once(read_response: ReadResponse, start: bytes) -> None:
    """What can never become a response is refused without waiting for more of it."""
    with pytest.raises(EOFError if start == b"HTTP/1." else InvalidResponse):
        read_response(start)


_HEADS = [
    OK + b"Content-Length: 5\r\n\r\n",
    OK + b"Content-Length: 5\r\nDate: x\r\n\r\n",
    b"HTTP/1.1 304 X\r\nContent-Length: 5\r\n\r\n",
    b"HTTP/1.0 200 OK\r\n\r\n",
    b"HTTP/1.1 103 X\r\nLink: a\r\n\r\n",
    b"HTTP/1.1 101 X\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
    OK + b"X: " + b"y" * 3000 + b"\r\n\r\n",
    OK + b"X : y\r\n\r\n",
]


def _read_or_error(reader: ResponseReader, data: bytes, *, to_head: bool) -> object:
    try:
        head = reader.feed(data, to_head=to_head)
    except InvalidResponse as error:
        return str(error)
    assert head is not None
    facts = (head.status, head.reason, head.minor, head.framing, head.keep_alive, head.upgrade, head.has_date)
    return facts, head.template.fields, head.template.lines, reader.rest


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from(_HEADS), st.booleans()), max_size=8), st.sampled_from([b"", b"body"]))
def test_feed_with_memo_reads_as_without(heads: list[tuple[bytes, bool]], rest: bytes) -> None:
    """What was read before, on any connection and for any method, does not change what a head means."""
    for codec in (choose_codec("httptools"), choose_codec("h11")):
        memo = HeadMemo()
        for head, to_head in heads:
            warm = ResponseReader(codec, WireLimits(), FieldSorter(), memo)
            fresh = ResponseReader(codec, WireLimits(), FieldSorter())
            assert _read_or_error(fresh, head + rest, to_head=to_head) == _read_or_error(
                warm, head + rest, to_head=to_head
            )


def test_feed_repeated_head_is_read_once(codec: HeadCodec) -> None:
    """The same bytes give the same head, which is therefore not to be changed."""
    memo = HeadMemo()
    first, second = [
        ResponseReader(codec, WireLimits(), FieldSorter(), memo).feed(_HEADS[0], to_head=False) for _ in "ab"
    ]
    assert first is second


def test_feed_many_heads_memo_stays_small(codec: HeadCodec) -> None:
    """An upstream whose heads all differ does not fill the memory."""
    memo = HeadMemo()
    reader = ResponseReader(codec, WireLimits(), FieldSorter(), memo)
    for number in range(300):
        assert reader.feed(OK + b"X: %d\r\n\r\n" % number, to_head=False) is not None
        assert reader.feed(OK + b"X: %d\r\n\r\n" % number + b"", to_head=True) is not None
    reader.feed(_HEADS[6], to_head=False)
    assert len(memo.heads) <= 64
    assert max(map(len, memo.heads)) <= 2048
