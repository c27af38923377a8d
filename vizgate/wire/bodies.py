"""Decoders of message bodies: framed bytes in, content out.

In: one decoder for each kind of framing, used for both codecs and both directions. Not in: which one applies
(``wire.framing``).
"""

from __future__ import annotations

import re
from typing import Protocol

from vizgate.errors import BadBody, ExchangeError
from vizgate.message.forwarding import ASSERTED, ASSERTED_PREFIX
from vizgate.message.headers import Field
from vizgate.message.heads import KIND_CHUNKED, KIND_LENGTH, KIND_UNTIL_CLOSE, Framing
from vizgate.wire.fields import as_hyphenated
from vizgate.wire.grammar import TEXT, TRAILER_LINE, TRAILERS
from vizgate.wire.limits import WireLimits

# RFC 9112 7.1. No white space around the size, no sign, no prefix; 15 digits stay below 2^60.
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,15})((?:;" + TEXT + rb")?)")
_PARTIAL_CHUNK_LINE = re.compile(rb"(?:[0-9A-Fa-f]{1,15}(?:;" + TEXT + rb")?)?\r?")
_MAX_CHUNK_LINE = 4096

#: Fields that mean something before the body only: never taken from trailers (RFC 9110 6.5.1, CVE-2023-40175). What a
#: client asserts about its way is among them, because trailers pass no rule of trust.
FORBIDDEN_TRAILERS = ASSERTED | {
    b"transfer-encoding", b"content-length", b"host", b"connection", b"keep-alive", b"proxy-connection", b"te",
    b"trailer", b"upgrade", b"http2-settings", b"expect", b"range", b"if-match", b"if-none-match",
    b"if-modified-since", b"if-unmodified-since", b"if-range", b"max-forwards", b"cache-control", b"pragma",
    b"authorization", b"proxy-authorization", b"proxy-authenticate", b"proxy-authentication-info",
    b"www-authenticate", b"cookie", b"set-cookie", b"set-cookie2", b"age", b"date", b"expires", b"location",
    b"retry-after", b"vary", b"warning", b"content-encoding", b"content-type", b"content-range",
    b"content-location", b"x-request-id", b"origin", b"referer", b"user-agent",
}  # fmt: skip


class BodyDecoder(Protocol):
    """``done`` turns true with the last byte; ``rest`` then holds the bytes that came after it."""

    done: bool
    rest: bytes
    trailers: list[Field]

    @property
    def announced(self) -> int:
        """Bytes of content that are known to be missing: of the body, or of the present chunk."""
        ...

    def feed(self, data: bytes) -> bytes:
        """The content in *data*, maybe ``b""``. Raises: the error given at construction: the framing is broken."""
        ...

    def feed_eof(self) -> bool:
        """Whether the end of the stream ends the body well."""
        ...


class NoBodyDecoder:
    """A message without a body: done from the start."""

    __slots__ = ("done", "rest", "trailers")

    def __init__(self) -> None:
        self.done = True
        self.rest = b""
        self.trailers: list[Field] = []

    @property
    def announced(self) -> int:
        """None."""
        return 0

    def feed(self, data: bytes) -> bytes:
        """No content: all of *data* is rest."""
        self.rest += data
        return b""

    def feed_eof(self) -> bool:
        """Always well ended."""
        return True


class LengthDecoder:
    """A body of a known number of bytes."""

    __slots__ = ("done", "remaining", "rest", "trailers")

    def __init__(self, length: int) -> None:
        self.remaining = length
        self.done = length == 0
        self.rest = b""
        self.trailers: list[Field] = []

    @property
    def announced(self) -> int:
        """What is left of the length."""
        return self.remaining

    def feed(self, data: bytes) -> bytes:
        """The part of *data* that belongs to the body."""
        size = len(data)
        if size < self.remaining:
            self.remaining -= size
            return data
        self.done = True
        if size == self.remaining:
            self.remaining = 0
            return data
        content, self.rest = data[: self.remaining], data[self.remaining :]
        self.remaining = 0
        return content

    def feed_eof(self) -> bool:
        """False: RFC 9112 8, a body shorter than its Content-Length is incomplete."""
        return self.done


class UntilCloseDecoder:
    """A response body that ends with the connection."""

    __slots__ = ("done", "rest", "trailers")

    def __init__(self) -> None:
        self.done = False
        self.rest = b""
        self.trailers: list[Field] = []

    @property
    def announced(self) -> int:
        """Nothing is known."""
        return 0

    def feed(self, data: bytes) -> bytes:
        """All of *data*."""
        return data

    def feed_eof(self) -> bool:
        """True: the end of the stream is the end of the body."""
        self.done = True
        return True


_SIZE, _DATA, _DATA_END, _TRAILER = range(4)


class ChunkedDecoder:
    """The chunked coding, strictly; extensions are parsed and dropped, forbidden trailer fields too."""

    __slots__ = ("_buffer", "_error", "_extension_bytes", "_limits", "_named", "_remaining", "_state", "done", "rest",
                 "trailers")  # fmt: skip

    def __init__(self, limits: WireLimits, error: type[ExchangeError], named: frozenset[bytes] = frozenset()) -> None:
        self.done = False
        self.rest = b""
        self.trailers: list[Field] = []
        self._buffer = b""
        self._error = error
        self._extension_bytes = 0
        self._limits = limits
        self._named = named
        self._remaining = 0
        self._state = _SIZE

    @property
    def announced(self) -> int:
        """What is left of the present chunk."""
        return self._remaining

    def feed(self, data: bytes) -> bytes:
        """The content in *data*; chunks that came together leave together."""
        if self._buffer:
            data, self._buffer = self._buffer + data, b""
        content: list[bytes] = []
        at = 0
        while not self.done:
            if self._state == _DATA:
                taken = data[at : at + self._remaining]
                if not taken:
                    break
                content.append(taken)
                at += len(taken)
                self._remaining -= len(taken)
                if self._remaining == 0:
                    self._state = _DATA_END
                continue
            after = self._step(data, at)
            if after < 0:
                self._buffer = data[at:]
                break
            at = after
        if self.done:
            self.rest = data[at:]
        return content[0] if len(content) == 1 else b"".join(content)

    def feed_eof(self) -> bool:
        """False unless the last chunk was there: RFC 9112 8, a chunked body without it is incomplete."""
        return self.done

    def _step(self, data: bytes, at: int) -> int:
        """Read what stands at *at*; where it ends, or -1 when there is not enough of it."""
        if self._state == _SIZE:
            return self._read_size(data, at)
        if self._state == _DATA_END:
            return self._read_data_end(data, at)
        return self._read_trailers(data, at)

    def _read_size(self, data: bytes, at: int) -> int:
        end = data.find(b"\r\n", at, at + _MAX_CHUNK_LINE)
        if end < 0:
            partial = data[at : at + _MAX_CHUNK_LINE]
            if len(partial) == _MAX_CHUNK_LINE or _PARTIAL_CHUNK_LINE.fullmatch(partial) is None:
                raise self._error("malformed chunk size")
            return -1
        match = _CHUNK_LINE.fullmatch(data, at, end)
        if match is None:
            raise self._error("malformed chunk size")
        self._extension_bytes += end - match.end(1)
        if self._extension_bytes > self._limits.extension_bytes:
            raise self._error("chunk extensions too long")
        self._remaining = int(match[1], 16)
        self._state = _DATA if self._remaining else _TRAILER
        return end + 2

    def _read_data_end(self, data: bytes, at: int) -> int:
        if data.startswith(b"\r\n", at):
            self._state = _SIZE
            return at + 2
        if data[at:] in (b"", b"\r"):
            return -1
        raise self._error("chunk data longer than its size")

    def _read_trailers(self, data: bytes, at: int) -> int:
        if data.startswith(b"\r\n", at):
            self.done = True
            return at + 2
        end = data.find(b"\r\n\r\n", at)
        # Up to three bytes of what is no whole section yet may be the beginning of its end.
        size = (len(data) - 3 if end < 0 else end) - at
        if size > self._limits.trailer_bytes:
            raise self._error("trailer section too long")
        if end < 0:
            _check_partial_trailers(data[at:], self._error)
            return -1
        block = data[at : end + 4]
        if TRAILERS.fullmatch(block) is None or block.count(b"\r\n") - 1 > self._limits.fields:
            raise self._error("malformed trailer section")
        self.trailers += _allowed_trailers(block, self._named | self._limits.refused_trailers)
        self.done = True
        return end + 4


def _check_partial_trailers(block: bytes, error: type[ExchangeError]) -> None:
    whole, _, tail = block.rpartition(b"\r\n")
    if (whole and TRAILERS.fullmatch(whole + b"\r\n\r\n") is None) or b"\n" in tail or b"\0" in tail:
        raise error("malformed trailer section")


def _allowed_trailers(block: bytes, also_refused: frozenset[bytes]) -> list[Field]:
    refused = FORBIDDEN_TRAILERS | also_refused
    fields = [(match[1], match[2].rstrip(b" \t")) for match in TRAILER_LINE.finditer(block)]
    return [field for field in fields if not _is_refused(field[0].lower(), refused)]


def _is_refused(lower_name: bytes, refused: frozenset[bytes]) -> bool:
    read = as_hyphenated(lower_name)
    return not refused.isdisjoint((lower_name, read)) or b"_" in lower_name or read.startswith(ASSERTED_PREFIX)


def make_decoder(
    framing: Framing,
    limits: WireLimits,
    error: type[ExchangeError] = BadBody,
    named: frozenset[bytes] = frozenset(),
) -> BodyDecoder:
    """The decoder for *framing*.

    Args: error: what it raises when the framing is broken. named: the options of ``Connection``; trailers of these
    names belong to this hop alone (RFC 9110 7.6.1) and are dropped.
    """
    if framing.kind is KIND_LENGTH:
        return LengthDecoder(framing.length)
    if framing.kind is KIND_CHUNKED:
        return ChunkedDecoder(limits, error, named)
    if framing.kind is KIND_UNTIL_CLOSE:
        return UntilCloseDecoder()
    return NoBodyDecoder()
