"""The rules of body decoders (RFC 9112 6, 7, 8)."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vizgate.errors import BadBody, InvalidResponse
from vizgate.message.forwarding import ASSERTED
from vizgate.message.headers import Field
from vizgate.message.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, BodyKind, Framing
from vizgate.wire.bodies import (
    BodyDecoder,
    ChunkedDecoder,
    LengthDecoder,
    NoBodyDecoder,
    UntilCloseDecoder,
    make_decoder,
)
from vizgate.wire.limits import WireLimits
from vizgate.wire.serialize import chunk, last_chunk

LIMITS = WireLimits(trailer_bytes=100, extension_bytes=200, fields=5)


def _pieces(data: bytes, cuts: list[int]) -> list[bytes]:
    at = sorted({0, len(data), *[cut % (len(data) + 1) for cut in cuts]})
    return [data[start:end] for start, end in pairwise(at)]


def _decode(decoder: BodyDecoder, pieces: list[bytes]) -> tuple[bytes, bytes]:
    """Content and rest, as a user of the decoder finds them."""
    content, rest = b"", b""
    for piece in pieces:
        if decoder.done:
            rest += piece
        else:
            content += decoder.feed(piece)
            rest = decoder.rest
    return content, rest


def _chunked(data: bytes, limits: WireLimits = LIMITS) -> tuple[bytes, bytes, ChunkedDecoder]:
    """*data* decoded whole, once it was seen that byte by byte gives the same."""
    whole, single = ChunkedDecoder(limits, BadBody), ChunkedDecoder(limits, BadBody)
    result = _decode(whole, [data])
    assert result == _decode(single, [data[at : at + 1] for at in range(len(data))])
    assert (whole.done, whole.trailers) == (single.done, single.trailers)
    return *result, whole


def _refused_chunked(data: bytes, limits: WireLimits = LIMITS) -> None:
    for pieces in ([data], [data[at : at + 1] for at in range(len(data))]):
        with pytest.raises(BadBody):
            _decode(ChunkedDecoder(limits, BadBody), pieces)


@pytest.mark.parametrize(
    ("framing", "kind"),
    [
        (NO_BODY, NoBodyDecoder),
        (Framing(BodyKind.LENGTH, 5), LengthDecoder),
        (CHUNKED, ChunkedDecoder),
        (UNTIL_CLOSE, UntilCloseDecoder),
    ],
)
def test_make_decoder_framing_decides(framing: Framing, kind: type[BodyDecoder]) -> None:
    """Each kind of framing has its decoder (RFC 9112 6.3)."""
    assert isinstance(make_decoder(framing, LIMITS), kind)


def test_no_body_everything_is_rest() -> None:
    """Bytes behind a message without a body belong to the next one (RFC 9112 9.3)."""
    decoder = make_decoder(NO_BODY, LIMITS)
    assert (b"", b"") == (decoder.feed(b"ab"), decoder.feed(b"c"))
    assert (True, True, b"abc") == (decoder.done, decoder.feed_eof(), decoder.rest)


def test_until_close_end_of_stream_is_end_of_body() -> None:
    """Without length or coding a response lasts until the connection is closed (RFC 9112 6.3, rule 8)."""
    decoder = make_decoder(UNTIL_CLOSE, LIMITS)
    assert (b"ab", False) == (decoder.feed(b"ab"), decoder.done)
    assert (True, True, b"") == (decoder.feed_eof(), decoder.done, decoder.rest)


def test_length_zero_is_done_at_once() -> None:
    """A body of no bytes ends before its first."""
    assert LengthDecoder(0).done


@given(st.binary(max_size=60), st.binary(max_size=20), st.lists(st.integers(0, 80), max_size=8))
def test_length_any_split_gives_body_and_rest(body: bytes, rest: bytes, cuts: list[int]) -> None:
    """However the bytes arrive, exactly Content-Length of them are the body (RFC 9112 6.2)."""
    decoder = LengthDecoder(len(body))
    assert _decode(decoder, _pieces(body + rest, cuts)) == (body, rest)
    assert (True, True, 0) == (decoder.done, decoder.feed_eof(), decoder.remaining)


@given(st.binary(max_size=30), st.integers(1, 5), st.lists(st.integers(0, 30), max_size=4))
def test_length_cut_body_is_incomplete(body: bytes, missing: int, cuts: list[int]) -> None:
    """A message whose connection ends before Content-Length bytes came is incomplete (RFC 9112 8)."""
    decoder = LengthDecoder(len(body) + missing)
    assert _decode(decoder, _pieces(body, cuts)) == (body, b"")
    assert (False, False, missing) == (decoder.done, decoder.feed_eof(), decoder.remaining)


_extension = st.sampled_from([b"", b";a", b";a=b", b';a="b c"', b";\xff\t", b"; a = 1;b"])
_parts = st.lists(st.tuples(st.binary(min_size=1, max_size=40), _extension, st.booleans()), max_size=6)
_trailers = st.lists(st.tuples(st.sampled_from([b"X-Sum", b"etag"]), st.sampled_from([b"", b"1", b"a b"])), max_size=4)


@given(_parts, _trailers, st.binary(max_size=20), st.lists(st.integers(0, 400), max_size=12))
def test_chunked_any_split_round_trips(
    parts: list[tuple[bytes, bytes, bool]], trailers: list[Field], rest: bytes, cuts: list[int]
) -> None:
    """Whatever the chunks, extensions and cuts: the content, the trailers and what follows come out (RFC 9112 7.1)."""
    data = b""
    for content, extension, upper in parts:
        size = b"%x" % len(content)
        data += (size.upper() if upper else size) + extension + b"\r\n" + content + b"\r\n"
    decoder = ChunkedDecoder(LIMITS, BadBody)
    result = _decode(decoder, _pieces(data + last_chunk(trailers) + rest, cuts))
    assert result == (b"".join(content for content, _, _ in parts), rest)
    assert (True, True, trailers) == (decoder.done, decoder.feed_eof(), decoder.trailers)


@given(st.lists(st.binary(min_size=1, max_size=9), max_size=4), st.lists(st.integers(0, 60), max_size=4), st.data())
def test_chunked_cut_anywhere_is_incomplete(parts: list[bytes], cuts: list[int], data: st.DataObject) -> None:
    """Without the last byte of the last chunk a chunked message is incomplete (RFC 9112 8)."""
    whole = b"".join(map(chunk, parts)) + last_chunk([(b"A", b"b")])
    cut = data.draw(st.integers(0, len(whole) - 1))
    decoder = ChunkedDecoder(LIMITS, BadBody)
    content, rest = _decode(decoder, _pieces(whole[:cut], cuts))
    assert b"".join(parts).startswith(content)
    assert (False, False, b"") == (decoder.done, decoder.feed_eof(), rest)


@given(st.binary(max_size=30), st.lists(st.integers(0, 30), max_size=4))
@example(b"5\r\nhello\r\n0\r\n\r\nGET", [3])
@example(b"\r\r\n", [1])
def test_chunked_any_bytes_split_changes_nothing(data: bytes, cuts: list[int]) -> None:
    """Garbage too is read the same however it arrives: the same content, or an error both times."""
    outcomes: list[tuple[bytes, bytes] | None] = []
    for pieces in ([data], _pieces(data, cuts), [data[at : at + 1] for at in range(len(data))]):
        decoder = ChunkedDecoder(LIMITS, BadBody)
        try:
            outcomes.append(_decode(decoder, pieces))
        except BadBody:
            outcomes.append(None)
    assert outcomes.count(outcomes[0]) == len(outcomes)


@pytest.mark.parametrize(
    "line",
    [
        b"", b" ", b"g", b"-5", b"+5", b"0x5", b"5 ", b" 5", b"5 ;a", b"5\t", b"5;a\0", b"5;a\x7f",
        b"5;a\nb", b"5;a\rb",
        b"5\n", b"5\r", b"5_0", b"5,5", b"5;\x0b", b"1" * 16, b"0" * 16, b"\xd9\xa5", b'5;a="\n"', b"5\r\r",
    ],
)  # fmt: skip
def test_chunked_bad_size_line_is_refused(line: bytes) -> None:
    """A size is 1 to 15 hex digits and nothing else; an extension has no control bytes (RFC 9112 7.1, 7.1.1)."""
    _refused_chunked(line + b"\r\nhello\r\n0\r\n\r\n")


@pytest.mark.parametrize("line", [b"5", b"005", b"5;", b"5;a", b'5;a="\xff\t;,"', b"5;" + b"x" * 198])
def test_chunked_good_size_line_is_read_and_extension_dropped(line: bytes) -> None:
    """Extensions are ignored when not understood (RFC 9112 7.1.1)."""
    content, rest, decoder = _chunked(
        line + b"\r\nhello\r\n0;last\r\n\r\nrest" if len(line) < 9 else line + b"\r\nhello\r\n0\r\n\r\nrest"
    )
    assert (b"hello", b"rest", True) == (content, rest, decoder.done)


@pytest.mark.parametrize("end", [b"x\r\n", b"\n", b"\rx", b"\r\r\n", b"\n\r\n", b"0\r\n\r\n", b"\0\r\n"])
def test_chunked_data_not_followed_by_crlf_is_refused(end: bytes) -> None:
    """Data longer than its size, or a bare LF after it, is a smuggling attempt (RFC 9112 7.1, CVE-2025-22871)."""
    _refused_chunked(b"5\r\nhello" + end + b"0\r\n\r\n")


def test_chunked_long_size_line_is_refused() -> None:
    """A size line over 4096 bytes is refused before its end comes, whatever the limit of extensions."""
    limits = WireLimits(extension_bytes=1 << 20)
    _refused_chunked(b"5;" + b"x" * 4095, limits)
    assert _chunked(b"5;" + b"x" * 4092 + b"\r\nhello\r\n0\r\n\r\n", limits)[0] == b"hello"


def test_chunked_extensions_together_are_bounded() -> None:
    """Many small extensions cannot make a small body cost much (CVE-2023-39326)."""
    one = b"1;" + b"x" * 49 + b"\r\na\r\n"
    assert _chunked(one * 4 + b"0\r\n\r\n")[0] == b"aaaa"
    _refused_chunked(one * 5)


def test_chunked_trailers_are_trimmed_and_ordered() -> None:
    """Trailer fields come out as fields do: in order, without outer white space (RFC 9112 7.1.2)."""
    _, _, decoder = _chunked(b"0\r\nA:\t1 \r\nb: \r\nA:2\r\n\r\n")
    assert decoder.trailers == [(b"A", b"1"), (b"b", b""), (b"A", b"2")]


@pytest.mark.parametrize(
    "name",
    [
        *sorted(ASSERTED), b"Content-Length", b"Transfer-Encoding", b"Host", b"Authorization", b"Cookie", b"Set-Cookie",
        b"Connection", b"Upgrade", b"TE", b"Trailer", b"Content-Type", b"X-Request-Id", b"x_sum", b"Keep-Alive",
        b"Proxy-Authorization", b"Expect", b"Location", b"HTTP2-Settings", b"Proxy-Authentication-Info",
        b"X-Forwarded-New",
    ],
)  # fmt: skip
def test_chunked_trailer_that_means_something_before_is_dropped(name: bytes) -> None:
    """Framing, routing, authentication and what the gateway sets is never taken from trailers (RFC 9110 6.5.1)."""
    _, _, decoder = _chunked(b"0\r\nA: 1\r\n" + name + b": x\r\n" + name.upper() + b": y\r\n\r\n")
    assert decoder.trailers == [(b"A", b"1")]


def test_chunked_trailer_named_in_connection_is_dropped() -> None:
    """A field that Connection names is for this hop alone, in a trailer section too (RFC 9110 7.6.1)."""
    data = b"0\r\nA: 1\r\nX-Hop: 2\r\nx-hop: 3\r\nX-Hop-By: 4\r\n\r\n"
    decoder = make_decoder(CHUNKED, LIMITS, named=frozenset({b"x-hop"}))
    assert (b"", b"") == _decode(decoder, [data])
    assert decoder.trailers == [(b"A", b"1"), (b"X-Hop-By", b"4")]
    assert len(_chunked(data)[2].trailers) == 4


@pytest.mark.parametrize(
    "block",
    [
        b"A : 1\r\n",
        b" A: 1\r\n",
        b"A: 1\r\n B: 2\r\n",
        b"A\r\n",
        b"A: 1\n",
        b"A: \0\r\n",
        b": 1\r\n",
        b"A: 1\rB: 2\r\n",
    ],
)
def test_chunked_malformed_trailers_are_refused(block: bytes) -> None:
    """Trailers obey the grammar of fields: no obs-fold, no space before the colon, no control byte (RFC 9112 5)."""
    _refused_chunked(b"0\r\nX: y\r\n" + block + b"\r\n")
    _refused_chunked(b"0\r\n" + block + b"\r\n")


def test_chunked_trailers_are_bounded() -> None:
    """A trailer section has a limit of bytes and of fields, kept before it is whole (RFC 9110 6.5)."""
    size = LIMITS.trailer_bytes
    assert _chunked(b"0\r\nA:" + b"x" * (size - 2) + b"\r\n\r\n")[2].trailers == [(b"A", b"x" * (size - 2))]
    _refused_chunked(b"0\r\nA:" + b"x" * (size - 1) + b"\r\n\r\n")
    _refused_chunked(b"0\r\nA:" + b"x" * (size + 9))
    assert _chunked(b"0\r\n" + b"A:\r\n" * 5 + b"\r\n")[2].done
    _refused_chunked(b"0\r\n" + b"A:\r\n" * 6 + b"\r\n")


def test_chunked_error_is_what_the_maker_asked_for() -> None:
    """The same fault is the client's in a request and the upstream's in a response."""
    with pytest.raises(InvalidResponse):
        make_decoder(CHUNKED, LIMITS, InvalidResponse).feed(b"zz\r\n")
    with pytest.raises(BadBody):
        make_decoder(CHUNKED, LIMITS).feed(b"zz\r\n")


def test_announced_is_what_is_known_to_follow() -> None:
    """A decoder tells how many bytes of content are announced and have not come: 0 where nobody knows."""
    length, chunked = LengthDecoder(5), ChunkedDecoder(LIMITS, BadBody)
    assert (length.announced, chunked.announced) == (5, 0)
    length.feed(b"ab")
    chunked.feed(b"5\r\nab")
    assert (length.announced, chunked.announced) == (3, 3)
    chunked.feed(b"cde")
    assert (chunked.announced, NoBodyDecoder().announced, UntilCloseDecoder().announced) == (0, 0, 0)
