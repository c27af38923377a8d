"""Heads and chunks as bytes.

In: the only code that writes HTTP/1.1. Not in: what the fields should be (``message.forwarding``, middleware).
"""

from __future__ import annotations

from http import HTTPStatus

from vizgate.message.headers import Field
from vizgate.message.heads import KIND_CHUNKED, KIND_LENGTH, KIND_NONE, Framing

LAST_CHUNK = b"0\r\n\r\n"

#: Fields that only this module writes.
FRAMING_NAMES = frozenset({b"content-length", b"transfer-encoding", b"connection", b"keep-alive", b"upgrade", b"te",
                           b"proxy-connection"})  # fmt: skip

_STATUS_LINES = {
    (status.value, reason): f"HTTP/1.1 {status.value} {status.phrase}\r\n".encode()
    for status in HTTPStatus
    for reason in (b"", status.phrase.encode())
}
# RFC 9110 8.6: a user agent SHOULD send Content-Length 0 "when the method defines a meaning for enclosed content".
_EXPECT_CONTENT = frozenset({"POST", "PUT", "PATCH"})
_NO_CONTENT_STATUS = frozenset({204, 304})


def request_head(method: str, target: bytes, lines: bytes, framing: Framing, extra: bytes = b"") -> bytes:
    """A request head with the framing fields that belong to it. Args: lines, extra: whole field lines."""
    length = framing.length
    if framing.kind is KIND_CHUNKED:
        extra += b"Transfer-Encoding: chunked\r\n"
    elif length or method in _EXPECT_CONTENT:
        extra += b"Content-Length: %d\r\n" % length
    return b"%b %b HTTP/1.1\r\n%b%b\r\n" % (method.encode("latin-1"), target, lines, extra)


def whole_request(method: str, target: bytes, lines: bytes, data: bytes, extra: bytes = b"") -> bytes:
    """A request with its whole body: ``request_head`` and *data* in one piece."""
    if data or method in _EXPECT_CONTENT:
        extra += b"Content-Length: %d\r\n" % len(data)
    return b"%b %b HTTP/1.1\r\n%b%b\r\n%b" % (method.encode("latin-1"), target, lines, extra, data)


def response_head(status: int, reason: bytes, lines: bytes, framing: Framing, extra: bytes = b"") -> bytes:
    """A response head with the framing fields that belong to it. Args: lines, extra: whole field lines.

    A ``NONE`` framing means a body of no bytes, except for the statuses that have none (RFC 9110 8.6).
    """
    kind = framing.kind
    if kind is KIND_LENGTH:
        extra += b"Content-Length: %d\r\n" % framing.length
    elif kind is KIND_CHUNKED:
        extra += b"Transfer-Encoding: chunked\r\n"
    elif kind is KIND_NONE and status not in _NO_CONTENT_STATUS and status >= 200:
        extra += b"Content-Length: 0\r\n"
    return b"%b%b%b\r\n" % (_status_line(status, reason), lines, extra)


def head_response_head(status: int, reason: bytes, lines: bytes, extra: bytes = b"") -> bytes:
    """The head of an answer to HEAD: a length stands in it only if *lines* has one."""
    return b"%b%b%b\r\n" % (_status_line(status, reason), lines, extra)


def whole_response(status: int, reason: bytes, lines: bytes, data: bytes, extra: bytes = b"") -> bytes:
    """A response with its whole body: ``response_head`` and *data* in one piece."""
    line = _STATUS_LINES.get((status, reason)) or _status_line(status, reason)
    return b"%b%b%bContent-Length: %d\r\n\r\n%b" % (line, lines, extra, len(data), data)


def chunk(data: bytes) -> bytes:
    """*data*, which must not be empty, as one chunk."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def last_chunk(trailers: list[Field]) -> bytes:
    """The end of a chunked body."""
    if not trailers:
        return LAST_CHUNK
    return b"0\r\n" + b"".join([name + b": " + value + b"\r\n" for name, value in trailers]) + b"\r\n"


def _status_line(status: int, reason: bytes) -> bytes:
    return _STATUS_LINES.get((status, reason)) or b"HTTP/1.1 %d %b\r\n" % (status, reason)
