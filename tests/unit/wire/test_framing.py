"""The rules of framing decisions (RFC 9112 6.3)."""

from __future__ import annotations

import pytest

from vizgate.errors import BadRequest, InvalidResponse
from vizgate.message.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, BodyKind, Framing
from vizgate.wire.framing import parse_length, request_framing, response_framing

LENGTH_5 = Framing(BodyKind.LENGTH, 5)
BAD_LENGTHS = [
    b"",
    b"-1",
    b"+5",
    b"0x5",
    b"5,5",
    b"5, 6",
    b"5 5",
    b"5.0",
    b"1e3",
    b"\xd9\xa5",
    b"9" * 19,
    b" 5",
    b"1_0",
]


@pytest.mark.parametrize(("value", "length"), [(b"0", 0), (b"5", 5), (b"0005", 5), (b"9" * 18, 10**18 - 1)])
def test_parse_length_digits_is_number(value: bytes, length: int) -> None:
    """Content-Length is one or more digits (RFC 9110 8.6); up to 18 fit every later reader's integer."""
    assert parse_length(value) == length


@pytest.mark.parametrize("value", BAD_LENGTHS)
def test_parse_length_anything_else_is_none(value: bytes) -> None:
    """A sign, a prefix, a list, white space or too many digits are no length (RFC 9110 8.6, CVE-2023-40225)."""
    assert parse_length(value) is None


@pytest.mark.parametrize(
    ("lengths", "encodings", "framing"),
    [
        ((), (), NO_BODY),
        ((b"0",), (), NO_BODY),
        ((b"5",), (), LENGTH_5),
        ((), (b"chunked",), CHUNKED),
        ((), (b"CHUNKED",), CHUNKED),
    ],
)
def test_request_framing_valid_decides(
    lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], framing: Framing
) -> None:
    """Chunked, else the length, else no body; coding names compare without case (RFC 9112 6.3, 7)."""
    assert request_framing(lengths, encodings, 1) == framing


@pytest.mark.parametrize(
    ("lengths", "encodings", "minor"),
    [
        ((b"5",), (b"chunked",), 1),
        ((), (b"chunked",), 0),
        ((), (b"gzip, chunked",), 1),
        ((), (b"chunked, chunked",), 1),
        ((), (b"gzip", b"chunked"), 1),
        ((), (b"chunked", b"chunked"), 1),
        ((), (b"identity",), 1),
        ((), (b"xchunked",), 1),
        ((), (b"chunked;q=1",), 1),
        ((), (b",chunked",), 1),
        ((), (b"\x0bchunked",), 1),
        ((), (b"",), 1),
        ((b"5", b"5"), (), 1),
        ((b"5", b"6"), (), 1),
        *[((value,), (), 1) for value in BAD_LENGTHS],
    ],
)
def test_request_framing_ambiguous_is_refused(
    lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], minor: int
) -> None:
    """CL with TE, TE on 1.0, any coding but exactly chunked, repeated or bad CL: 400 (RFC 9112 6.1, 6.3)."""
    with pytest.raises(BadRequest):
        request_framing(lengths, encodings, minor)


@pytest.mark.parametrize(
    ("lengths", "encodings", "framing"),
    [
        ((), (), UNTIL_CLOSE),
        ((b"0",), (), NO_BODY),
        ((b"5",), (), LENGTH_5),
        ((b"5", b"5"), (), LENGTH_5),
        ((), (b"Chunked",), CHUNKED),
    ],
)
def test_response_framing_valid_decides(
    lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], framing: Framing
) -> None:
    """Chunked, else the length, else all until the connection ends (RFC 9112 6.3)."""
    assert response_framing(lengths, encodings, 1, status=200, to_head=False) == framing


@pytest.mark.parametrize(("status", "to_head"), [(200, True), (100, False), (101, False), (204, False), (304, False)])
@pytest.mark.parametrize(("lengths", "encodings"), [((), ()), ((b"5",), ()), ((), (b"chunked",))])
def test_response_framing_bodiless_ignores_fields(
    status: int, to_head: bool, lengths: tuple[bytes, ...], encodings: tuple[bytes, ...]
) -> None:
    """Answers to HEAD, 1xx, 204 and 304 end with their head whatever their fields say (RFC 9112 6.3, rule 1)."""
    assert response_framing(lengths, encodings, 1, status=status, to_head=to_head) == NO_BODY


@pytest.mark.parametrize("status", [200, 204, 304])
@pytest.mark.parametrize(
    ("lengths", "encodings", "minor"),
    [
        ((b"5",), (b"chunked",), 1),
        ((), (b"chunked",), 0),
        ((), (b"gzip",), 1),
        ((), (b"chunked", b"chunked"), 1),
        ((b"5", b"6"), (), 1),
        *[((value,), (), 1) for value in BAD_LENGTHS],
    ],
)
def test_response_framing_ambiguous_is_refused(
    lengths: tuple[bytes, ...], encodings: tuple[bytes, ...], minor: int, status: int
) -> None:
    """With an invalid Content-Length "the proxy MUST ... discard the received response" and send 502 (RFC 9112 6.3)."""
    with pytest.raises(InvalidResponse):
        response_framing(lengths, encodings, minor, status=status, to_head=False)
