"""Reading back what a proxy sent to an upstream: leniently, and with every fault named.

In: ``RecordedRequest`` and ``parse_requests``, which guess at broken messages as a careless server would, so that a
smuggled request is found. Not in: the sockets (``testing.scripted_upstream``) and strict reading of responses
(``testing.raw_client``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from vizgate.message.headers import Field

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_FIELD_LINE = rb"%s:[ \t]*(?:[\x21-\x7e\x80-\xff](?:[\t\x20-\x7e\x80-\xff]*[\x21-\x7e\x80-\xff])?)?[ \t]*\r\n" % _TOKEN
_STRICT_HEAD = re.compile(rb"%s [\x21-\x7e]+ HTTP/1\.[01]\r\n(?:%s)*\r\n" % (_TOKEN, _FIELD_LINE))
_STRICT_TRAILERS = re.compile(rb"(?:%s)*\r\n" % _FIELD_LINE)
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_LINE = re.compile(rb"[^\n]*\n")
_STRICT_SIZE_LINE = re.compile(rb"[0-9A-Fa-f]{1,16}\r\n")
_LENIENT_SIZE = re.compile(rb"[ \t]*(?:0[xX])?([0-9A-Fa-f]+)")
_FIRST_NUMBER = re.compile(rb"[ \t]*\+?([0-9]+)")


@dataclass(frozen=True, slots=True)
class RecordedRequest:
    """One request as an upstream would take it from the bytes it got.

    ``complete``: head and body have arrived whole, so that a server would act on it. ``problems``: every way in which
    the bytes are not a strictly valid HTTP/1.1 request (RFC 9112); empty for what a correct proxy sends.
    """

    method: bytes
    target: bytes
    version: bytes
    fields: tuple[Field, ...]
    body: bytes
    trailers: tuple[Field, ...]
    is_chunked: bool
    complete: bool
    problems: tuple[str, ...]

    def get_all(self, name: bytes) -> list[bytes]:
        """The value of every line of *name*, compared without case."""
        key = name.lower()
        return [value for found, value in self.fields if found.lower() == key]

    def get(self, name: bytes) -> bytes | None:
        """The first value of *name*, or None."""
        values = self.get_all(name)
        return values[0] if values else None


@dataclass(slots=True)
class _Reading:
    """What is known of the message under the cursor."""

    data: bytes
    position: int
    problems: list[str]


def parse_requests(data: bytes) -> list[RecordedRequest]:
    """Every request a careless server would find in *data*; the last one may be incomplete."""
    log = RequestLog()
    log.update(data)
    return log.requests


class RequestLog:
    """The requests in bytes that keep arriving; what was complete is not parsed again."""

    def __init__(self) -> None:
        #: Every request so far; only the last one may be incomplete.
        self.requests: list[RecordedRequest] = []
        self._position = 0
        self._seen = 0

    def update(self, data: bytes | bytearray) -> None:
        """Take *data*, which is all the bytes so far, into account."""
        if len(data) == self._seen:
            return
        self._seen = len(data)
        if self.requests and not self.requests[-1].complete:
            self.requests.pop()
        rest = bytes(data[self._position :])
        position = 0
        while position < len(rest):
            request, end = _parse_one(rest, position)
            self.requests.append(request)
            if not request.complete:
                break
            position = end
        self._position += position


def _parse_one(data: bytes, start: int) -> tuple[RecordedRequest, int]:
    reading = _Reading(data, start, [])
    while data.startswith((b"\r", b"\n"), reading.position):
        reading.position += 1
    if reading.position != start:
        reading.problems.append("empty line before the request line")
    end = _HEAD_END.search(data, reading.position)
    if end is None:
        return _cut_head(reading), len(data)
    head = data[reading.position : end.end()]
    if _STRICT_HEAD.fullmatch(head) is None:
        reading.problems.append("head is not well-formed")
    reading.position = end.end()
    request_line, *lines = head.replace(b"\r\n", b"\n").rstrip(b"\n").split(b"\n")
    method, target, version = [*request_line.split(None, 2), b"", b"", b""][:3]
    fields = tuple(_lenient_field(line) for line in lines)
    _check_fields(fields, version, reading.problems)
    is_chunked = any(n.lower() == b"transfer-encoding" and b"chunked" in v.lower() for n, v in fields)
    if is_chunked:
        body, trailers, complete = _read_chunks(reading)
    else:
        body, complete = _read_length(reading, fields)
        trailers = ()
    request = RecordedRequest(
        method, target, version, fields, body, trailers, is_chunked, complete, tuple(reading.problems)
    )
    return request, reading.position


def _cut_head(reading: _Reading) -> RecordedRequest:
    line = reading.data[reading.position :].split(b"\n", 1)[0].strip()
    method, target, version = [*line.split(None, 2), b"", b"", b""][:3]
    return RecordedRequest(
        method, target, version, (), b"", (), is_chunked=False, complete=False, problems=tuple(reading.problems)
    )


def _lenient_field(line: bytes) -> Field:
    name, _, value = line.partition(b":")
    return name.strip(), value.strip()


def _check_fields(fields: tuple[Field, ...], version: bytes, problems: list[str]) -> None:
    def values(key: bytes) -> list[bytes]:
        return [value for name, value in fields if name.lower() == key]

    codings, lengths, hosts = values(b"transfer-encoding"), values(b"content-length"), values(b"host")
    if codings and lengths:
        problems.append("both Transfer-Encoding and Content-Length")  # RFC 9112 6.1: a sender MUST NOT
    if codings and [coding.lower() for coding in codings] != [b"chunked"]:
        problems.append(f"Transfer-Encoding {codings!r}")
    if codings and version == b"HTTP/1.0":
        problems.append("Transfer-Encoding on HTTP/1.0")
    if len(lengths) > 1 or any(re.fullmatch(rb"[0-9]+", value) is None for value in lengths):
        problems.append(f"Content-Length {lengths!r}")
    if len(hosts) != 1:
        problems.append(f"Host {hosts!r}")  # RFC 9112 3.2


def _read_length(reading: _Reading, fields: tuple[Field, ...]) -> tuple[bytes, bool]:
    length = 0
    for name, value in fields:
        number = _FIRST_NUMBER.match(value) if name.lower() == b"content-length" else None
        if number is not None:
            length = int(number[1])
            break
    body = reading.data[reading.position : reading.position + length]
    reading.position += len(body)
    return body, len(body) == length


def _read_chunks(reading: _Reading) -> tuple[bytes, tuple[Field, ...], bool]:
    body = bytearray()
    while (line := _LINE.match(reading.data, reading.position)) is not None:
        if _STRICT_SIZE_LINE.fullmatch(line[0]) is None:
            reading.problems.append(f"chunk-size line {line[0]!r}")
        number = _LENIENT_SIZE.match(line[0])
        size = int(number[1], 16) if number is not None else 0
        reading.position = line.end()
        if size == 0:
            trailers, complete = _read_trailers(reading)
            return bytes(body), trailers, complete
        data = reading.data[reading.position : reading.position + size]
        body += data
        reading.position += len(data)
        if len(data) < size or not _skip_chunk_end(reading):
            break
    reading.position = len(reading.data)
    return bytes(body), (), False


def _skip_chunk_end(reading: _Reading) -> bool:
    """Pass the line end after chunk data; False when it has not arrived."""
    rest = reading.data[reading.position : reading.position + 2]
    if rest in (b"", b"\r"):
        return False
    if rest != b"\r\n":
        reading.problems.append(f"chunk data ends with {rest!r}")
    reading.position += 2 if rest == b"\r\n" else rest.startswith(b"\n")
    return True


def _read_trailers(reading: _Reading) -> tuple[tuple[Field, ...], bool]:
    start = reading.position
    while (line := _LINE.match(reading.data, reading.position)) is not None:
        reading.position = line.end()
        if line[0] in (b"\r\n", b"\n"):
            section = reading.data[start : line.end()]
            if _STRICT_TRAILERS.fullmatch(section) is None:
                reading.problems.append("trailers are not well-formed")
            return tuple(_lenient_field(entry) for entry in section.splitlines() if entry), True
    reading.position = len(reading.data)
    return (), False
