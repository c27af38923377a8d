"""The rules of writing heads and chunks (RFC 9112)."""

from __future__ import annotations

import pytest

from vizgate.message.heads import CHUNKED, NO_BODY, UNTIL_CLOSE, BodyKind, Framing
from vizgate.wire.serialize import (
    chunk,
    head_response_head,
    last_chunk,
    request_head,
    response_head,
    whole_request,
    whole_response,
)

LENGTH_5 = Framing(BodyKind.LENGTH, 5)
LINES = b"Host: a\r\n"


@pytest.mark.parametrize(
    ("method", "framing", "line"),
    [
        ("GET", NO_BODY, b""),
        ("DELETE", NO_BODY, b""),
        ("POST", NO_BODY, b"Content-Length: 0\r\n"),
        ("PUT", NO_BODY, b"Content-Length: 0\r\n"),
        ("PATCH", NO_BODY, b"Content-Length: 0\r\n"),
        ("GET", LENGTH_5, b"Content-Length: 5\r\n"),
        ("POST", CHUNKED, b"Transfer-Encoding: chunked\r\n"),
    ],
)
def test_request_head_has_framing_of_its_body(method: str, framing: Framing, line: bytes) -> None:
    """One framing field for a body; length 0 where the method expects content, else none (RFC 9110 8.6)."""
    head = request_head(method, b"/a?b", LINES, framing)
    assert head == method.encode() + b" /a?b HTTP/1.1\r\nHost: a\r\n" + line + b"\r\n"


def test_request_head_extra_lines_stand_after_fields() -> None:
    """Lines of this hop, such as Connection, follow the end-to-end fields."""
    head = request_head("GET", b"/", LINES, NO_BODY, b"Connection: upgrade\r\n")
    assert head == b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n"


@pytest.mark.parametrize(
    ("status", "framing", "line"),
    [
        (200, LENGTH_5, b"Content-Length: 5\r\n"),
        (200, NO_BODY, b"Content-Length: 0\r\n"),
        (200, CHUNKED, b"Transfer-Encoding: chunked\r\n"),
        (200, UNTIL_CLOSE, b""),
        (204, NO_BODY, b""),
        (304, NO_BODY, b""),
        (101, NO_BODY, b""),
        (103, NO_BODY, b""),
    ],
)
def test_response_head_has_framing_of_its_body(status: int, framing: Framing, line: bytes) -> None:
    """A server MUST NOT send Content-Length with 1xx or 204 (RFC 9110 8.6); else a body without bytes says so."""
    head = response_head(status, b"X", LINES, framing)
    assert head == b"HTTP/1.1 %d X\r\nHost: a\r\n%b\r\n" % (status, line)


@pytest.mark.parametrize(
    ("status", "reason", "line"),
    [
        (404, b"", b"HTTP/1.1 404 Not Found\r\n"),
        (404, b"Nope", b"HTTP/1.1 404 Nope\r\n"),
        (599, b"", b"HTTP/1.1 599 \r\n"),
    ],
)
def test_response_head_reason_is_given_or_registered(status: int, reason: bytes, line: bytes) -> None:
    """The space after the status stands even without a reason phrase (RFC 9112 4)."""
    assert response_head(status, reason, b"", UNTIL_CLOSE) == line + b"\r\n"


def test_response_head_extra_lines_stand_after_fields() -> None:
    """Lines of this hop follow the end-to-end fields."""
    head = response_head(200, b"", LINES, CHUNKED, b"Connection: close\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\nHost: a\r\nConnection: close\r\n")
    assert head.endswith(b"\r\n\r\n")


def test_head_response_head_adds_no_length() -> None:
    """An answer to HEAD says a length only if the answer to GET would have it (RFC 9110 8.6)."""
    assert head_response_head(200, b"", LINES) == b"HTTP/1.1 200 OK\r\nHost: a\r\n\r\n"
    assert head_response_head(200, b"", b"", b"X: y\r\n") == b"HTTP/1.1 200 OK\r\nX: y\r\n\r\n"


def test_chunk_is_hex_size_and_data() -> None:
    """Chunk = chunk-size CRLF chunk-data CRLF, the size in hex (RFC 9112 7.1)."""
    assert chunk(b"x" * 26) == b"1a\r\n" + b"x" * 26 + b"\r\n"


def test_last_chunk_carries_trailers() -> None:
    """last-chunk, trailer section, CRLF (RFC 9112 7.1)."""
    assert last_chunk([]) == b"0\r\n\r\n"
    assert last_chunk([(b"A", b"1"), (b"B", b"2")]) == b"0\r\nA: 1\r\nB: 2\r\n\r\n"


@pytest.mark.parametrize("data", [b"hello", b""])
def test_whole_response_is_head_and_body_in_one_piece(data: bytes) -> None:
    """A small answer is written at once, and is byte for byte what head and body would be."""
    framing = Framing(BodyKind.LENGTH, len(data))
    expected = response_head(404, b"Nope", LINES, framing, b"Connection: close\r\n") + data
    assert whole_response(404, b"Nope", LINES, data, b"Connection: close\r\n") == expected


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT", "PATCH"])
@pytest.mark.parametrize("data", [b"hello", b""])
def test_whole_request_is_head_and_body_in_one_piece(method: str, data: bytes) -> None:
    """A request that is in memory is written at once, and is byte for byte what head and body would be."""
    framing = Framing(BodyKind.LENGTH, len(data)) if data else NO_BODY
    expected = request_head(method, b"/x", LINES, framing, b"Upgrade: a\r\n") + data
    assert whole_request(method, b"/x", LINES, data, b"Upgrade: a\r\n") == expected
