"""The strict grammar of HTTP/1.1 heads, held against every head before a codec sees it.

In: patterns and the diagnosis of what broke them. Not in: splitting a head into fields (the codecs) and what the
fields mean (``wire.request``, ``wire.response``).

Both codecs let some malformed heads through, and not the same ones. One grammar in front of both means that what is a
message does not depend on the codec. Every quantifier is possessive: matching is linear.
"""

from __future__ import annotations

import re

from vizgate.errors import (
    BadRequest,
    DownstreamError,
    HeadTooLarge,
    MethodNotImplemented,
    TargetTooLong,
    VersionNotSupported,
)

TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]++"
#: Field content without CR, LF, NUL and other control bytes; obs-text stays (RFC 9110 5.5).
TEXT = rb"[\t\x20-\x7e\x80-\xff]*+"
#: Visible ASCII but "#": a request target has no fragment (RFC 9112 3.2).
TARGET_CHARACTER = rb"[!\"$-~]"
TARGET = TARGET_CHARACTER + rb"++"

# RFC 9112 5.1: "No whitespace is allowed between the field name and colon"; 5.2: obs-fold is refused;
# 2.2: a bare LF or CR is no line end here, because another recipient may disagree.
FIELD_LINES = rb"(?:" + TOKEN + rb":" + TEXT + rb"\r\n)*+"

REQUEST_TARGET = re.compile(rb"(" + TOKEN + rb") (/" + TARGET_CHARACTER + rb"*+)")
REQUEST_HEAD = re.compile(rb"(" + TOKEN + rb") (" + TARGET + rb") HTTP/1\.([01])\r\n" + FIELD_LINES + rb"\r\n")
RESPONSE_HEAD = re.compile(rb"HTTP/1\.([01]) ([1-5][0-9][0-9])(?: (" + TEXT + rb"))?\r\n" + FIELD_LINES + rb"\r\n")
TRAILERS = re.compile(FIELD_LINES + rb"\r\n")
TRAILER_LINE = re.compile(rb"(" + TOKEN + rb"):[ \t]*+(" + TEXT + rb")\r\n")

_REQUEST_LINE = re.compile(rb"(" + TOKEN + rb") (" + TARGET + rb") HTTP/([0-9])\.([0-9])")
_FIELD_LINE = re.compile(TOKEN + rb":" + TEXT)
# What a request that has not ended yet may look like so far: anything else is refused without waiting for its end.
_PARTIAL_REQUEST_LINE = re.compile(rb"(?:" + TOKEN + rb"(?: (?:" + TARGET + rb"(?: [HTP/0-9.]*+)?)?)?)?+\r?")
_STATUS_LINE = re.compile(rb"HTTP/1\.[01] [1-5][0-9][0-9](?: " + TEXT + rb")?")
_PARTIAL_STATUS_LINE = re.compile(rb"(?:HTTP/1\.[01](?: (?:[1-5][0-9]{0,2}(?: " + TEXT + rb")?)?)?)\r?")
_STATUS_PREFIX = b"HTTP/1."

#: Methods this gateway forwards (the IANA registry's, as far as both codecs can read them), without CONNECT and TRACE.
METHODS = frozenset(
    b"ACL BIND CHECKOUT COPY DELETE GET HEAD LINK LOCK M-SEARCH MERGE MKACTIVITY MKCALENDAR MKCOL MOVE NOTIFY"
    b" OPTIONS PATCH POST PROPFIND PROPPATCH PURGE PUT QUERY REBIND REPORT SEARCH SUBSCRIBE UNBIND UNLINK UNLOCK"
    b" UNSUBSCRIBE".split()
)


def request_problem(block: bytes) -> DownstreamError:
    """Why *block* is not a request head, as the error to answer with."""
    lines = block[:-4].split(b"\r\n") if block.endswith(b"\r\n\r\n") else block.split(b"\r\n")
    problem = _request_line_problem(lines[0])
    if problem is not None:
        return problem
    for line in lines[1:]:
        if _FIELD_LINE.fullmatch(line) is None:
            return BadRequest(_field_line_problem(line))
    return BadRequest("malformed head")


def partial_request_problem(block: bytes) -> DownstreamError | None:
    """Why the beginning *block* of a head can never become one; None while it still can."""
    line, line_end, rest = block.partition(b"\r\n")
    if not line_end:
        # Bare LF first: it shows in a line that otherwise looks unfinished.
        return None if _PARTIAL_REQUEST_LINE.fullmatch(line) else BadRequest("malformed request line")
    return _request_line_problem(line) or partial_fields_problem(rest)


def _request_line_problem(line: bytes) -> DownstreamError | None:
    match = _REQUEST_LINE.fullmatch(line)
    if match is None:
        return BadRequest("malformed request line")
    if match[3] != b"1" or match[4] not in b"01":
        return VersionNotSupported("this gateway speaks HTTP/1.1 and HTTP/1.0")
    return None


def partial_fields_problem(rest: bytes) -> BadRequest | None:
    """As ``partial_request_problem``, for what follows the first line or any later one."""
    *whole, tail = rest.split(b"\r\n")
    for line in whole:
        if _FIELD_LINE.fullmatch(line) is None:
            return BadRequest(_field_line_problem(line))
    if b"\n" in tail or b"\0" in tail:
        return BadRequest("bare LF or NUL in the head")
    return None


def _field_line_problem(line: bytes) -> str:
    if line[:1] in (b" ", b"\t"):
        return "a field line begins with white space (obs-fold)"
    name, colon, _ = line.partition(b":")
    if colon and name != name.rstrip(b" \t"):
        return "white space between a field name and its colon"
    return "malformed field line"


def check_head_size(block: bytes, line_bytes: int, head_bytes: int) -> None:
    """Raise when *block*, whole or not, is over *head_bytes*.

    Raises: TargetTooLong: the request line of *line_bytes* alone is over it. HeadTooLarge: the head is.
    """
    if len(block) > head_bytes:
        if line_bytes > head_bytes:
            raise TargetTooLong(f"request line over {head_bytes} bytes")
        raise HeadTooLarge(f"request head over {head_bytes} bytes")


def check_method(method: bytes) -> None:
    """Raise for methods that are never forwarded.

    RFC 9110 9.3.6: CONNECT would make this gateway a tunnel; 9.3.8: TRACE shows a client what intermediaries added.

    Raises: MethodNotImplemented: *method* is CONNECT, TRACE or none this gateway knows.
    """
    if method not in METHODS:
        raise MethodNotImplemented("method not implemented")


def partial_status_problem(block: bytes) -> str | None:
    """Why the beginning *block* of a response head can never become one; None while it still can."""
    line, line_end, rest = block.partition(b"\r\n")
    if not line_end:
        if len(line) <= len(_STATUS_PREFIX):
            return None if _STATUS_PREFIX.startswith(line) else "not an HTTP/1.x response"
        return None if _PARTIAL_STATUS_LINE.fullmatch(line) else "malformed status line"
    if _STATUS_LINE.fullmatch(line) is None:
        return "malformed status line"
    return None if partial_fields_problem(rest) is None else "malformed field line"
