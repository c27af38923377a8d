"""Reads request heads: collects bytes until one is whole, then holds it against every rule.

In: ``RequestReader``. Not in: bodies (``wire.bodies``) and what the gateway adds to a head (``message.forwarding``).
"""

from __future__ import annotations

from vizgate.errors import BadRequest, ExpectationFailed, HeadTooLarge
from vizgate.message.heads import NO_BODY, RequestHead, RequestShape
from vizgate.message.target import is_valid_authority, split_absolute
from vizgate.message.template import FieldTemplate
from vizgate.wire.codec import CodecRejected, HeadCodec
from vizgate.wire.fields import FieldSorter, SortedFields
from vizgate.wire.framing import request_framing
from vizgate.wire.grammar import (
    METHODS,
    REQUEST_HEAD,
    REQUEST_TARGET,
    check_head_size,
    check_method,
    partial_fields_problem,
    partial_request_problem,
    request_problem,
)
from vizgate.wire.limits import WireLimits
from vizgate.wire.pattern import HeadPattern

_MAX_EMPTY_LINES = 8
_SHOWN_BYTES = 256
_METHOD_TEXT = {method: method.decode() for method in METHODS}
# The longest part of a head that a connection keeps for comparison with the next.
_SHARED_BYTES = 4096
# How many kinds of heads it keeps.
_KNOWN_HEADS = 4
# RFC 9931: an upgrade to HTTP/2 would hide later requests from this gateway's rules.
_UNFORWARDED_UPGRADES = (b"h2c", b"http/2", b"tls/")


class RequestReader:
    """Turns the bytes of one downstream connection into request heads.

    A head whose fields are, byte for byte, those of the head before is not taken apart again: the two share a
    ``RequestShape``. Where only values differ, only these are read; see ``HeadPattern``.

    ``rest`` holds the bytes after the head that ``feed`` returned last: the body, or the next request.
    """

    __slots__ = (
        "_buffer", "_checked", "_codec", "_empty_lines", "_known", "_limits", "_shape", "_sorter", "_tail",
        "first_line", "rest",
    )  # fmt: skip

    def __init__(self, codec: HeadCodec, limits: WireLimits, sorter: FieldSorter) -> None:
        self._codec = codec
        self._limits = limits
        self._sorter = sorter
        self._buffer = b""
        # Up to where the buffer was found good, so that a head that comes byte by byte is not checked anew each time.
        self._checked = 0
        self._empty_lines = 0
        #: What followed the target in the last head, and what it meant.
        self._tail = b""
        self._shape: RequestShape | None = None
        #: Heads by how many lines they have: clients send requests of a few kinds, and those of one kind have the same.
        self._known: dict[int, tuple[HeadPattern, RequestShape]] = {}
        self.rest = b""
        #: The beginning of what was read last as a head, for the log when it is none.
        self.first_line = b""

    def use(self, codec: HeadCodec, limits: WireLimits, sorter: FieldSorter) -> None:
        """Read by these from now on, what has come of a head included."""
        self._codec, self._limits, self._sorter = codec, limits, sorter
        self._tail, self._shape = b"", None
        self._known.clear()

    @property
    def is_empty(self) -> bool:
        """Whether no byte of a further request has come."""
        return not self._buffer

    def feed(self, data: bytes) -> RequestHead | None:
        """The next head when *data* completes it, else None.

        Raises: DownstreamError: what came is no request, or over a limit; the connection cannot be read any further.
        """
        block = self._buffer + data if self._buffer else data
        if block[:2] == b"\r\n":
            block = self._skip_empty_lines(block)
        end = block.find(b"\r\n\r\n") + 4
        if end == 3:  # find() gave -1
            self._buffer = block
            self.first_line = block[:_SHOWN_BYTES]
            self._check_partial(block)
            return None
        self._buffer = b""
        self._checked = 0
        self._empty_lines = 0
        if end == len(block):
            self.rest = b""
        else:
            self.rest = block[end:]
            block = block[:end]
        at = block.find(b" HTTP/1.")
        if self._known and len(block) <= self._limits.head_bytes:
            request_line = REQUEST_TARGET.fullmatch(block, 0, at)
            if request_line is not None:
                method = _METHOD_TEXT.get(request_line[1])
                tail = block[at:]
                shape = self._shape if tail == self._tail else self._similar(tail)
                if method is not None and shape is not None:
                    return RequestHead(method, request_line[2], shape)
        return self._read(block, at)

    def _similar(self, tail: bytes) -> RequestShape | None:
        """The shape that *tail* says, if it differs from that of a known head in nothing but values; else None."""
        if len(tail) > _SHARED_BYTES:
            return None
        lines = tail.split(b"\r\n")
        pattern, shape = self._known.get(len(lines), (None, None))
        if pattern is None or shape is None or not pattern.accept(lines):
            return None
        if not pattern.is_same:
            shape = _like(shape, pattern)
            self._known[len(lines)] = pattern, shape
        self._tail, self._shape = tail, shape
        return shape

    def _remember(self, tail: bytes, shape: RequestShape) -> None:
        self._tail, self._shape = tail, shape
        if len(self._known) >= _KNOWN_HEADS:
            self._known.clear()
        lines = tail.split(b"\r\n")
        self._known[len(lines)] = HeadPattern(lines, shape.template, shape.asserted, shape.framing, self._sorter), shape

    def _skip_empty_lines(self, block: bytes) -> bytes:
        # RFC 9112 2.2: "a server that is expecting to receive and parse a request-line SHOULD ignore at least one
        # empty line (CRLF) received prior to the request-line"; bounded, so that a stream of them, in one piece or in
        # many, is no idle connection.
        at = 0
        while block.startswith(b"\r\n", at):
            at += 2
            self._empty_lines += 1
            if self._empty_lines > _MAX_EMPTY_LINES:
                raise BadRequest("empty lines instead of a request")
        return block[at:]

    def _check_partial(self, block: bytes) -> None:
        line_end = block.find(b"\r\n", 0, self._limits.head_bytes + 2)
        check_head_size(block, len(block) if line_end < 0 else line_end, self._limits.head_bytes)
        if self._checked == 0:
            problem = partial_request_problem(block)
        else:
            problem = partial_fields_problem(block[self._checked :])
        if problem is not None:
            raise problem
        self._checked = block.rfind(b"\r\n") + 2 if line_end >= 0 else 0

    def _read(self, block: bytes, at: int) -> RequestHead:
        limits = self._limits
        self.first_line = block[:_SHOWN_BYTES]
        if len(block) > limits.head_bytes:
            check_head_size(block, block.index(b"\r\n"), limits.head_bytes)
        match = REQUEST_HEAD.fullmatch(block)
        if match is None:
            raise request_problem(block)
        if block.count(b"\r\n") - 2 > limits.fields:
            raise HeadTooLarge(f"more than {limits.fields} fields")
        method, target, minor = match.groups()
        if method not in METHODS:
            check_method(method)
        try:
            fields = self._sorter.sort(self._codec.request_fields(block))
        except CodecRejected as exc:
            raise BadRequest("malformed head") from exc
        head = self._build(_METHOD_TEXT[method], target, int(minor), fields)
        # Only the origin form: another form says things about the authority that the fields do not.
        if target[:1] == b"/" and len(block) - at <= _SHARED_BYTES:
            self._remember(block[at:], head.shape)
        else:
            self._shape, self._tail = None, b""
        return head

    def _build(self, method: str, target: bytes, minor: int, fields: SortedFields) -> RequestHead:
        framing = request_framing(fields.lengths, fields.encodings, minor)
        authority = self._authority(fields.hosts, minor)
        if target[:1] != b"/":
            target, authority = self._absolute(method, target, authority, fields)
        options = fields.options
        keep_alive = b"close" not in options and (minor == 1 or b"keep-alive" in options)
        shape = RequestShape(minor, FieldTemplate(fields.kept), fields.asserted, authority, framing, keep_alive)
        shape.named = options
        if fields.expects and minor == 1:
            shape.expects_continue = _expects_continue(fields.expects) and framing is not NO_BODY
        if fields.upgrades and b"upgrade" in options and minor == 1 and framing is NO_BODY:
            shape.upgrade = _wanted_upgrade(fields.upgrades)
        return RequestHead(method, target, shape)

    def _authority(self, hosts: tuple[bytes, ...], minor: int) -> bytes:
        # RFC 9112 3.2: "A server MUST respond with a 400 to any HTTP/1.1 request message that lacks a Host header
        # field and to any request message that contains more than one Host header field line or an invalid value".
        if len(hosts) != 1:
            if minor == 0 and not hosts:
                return b""
            raise BadRequest("exactly one Host is needed")
        if not is_valid_authority(hosts[0]):
            raise BadRequest("invalid Host")
        return hosts[0]

    def _absolute(self, method: str, target: bytes, host: bytes, fields: SortedFields) -> tuple[bytes, bytes]:
        if target == b"*":
            if method != "OPTIONS":
                raise BadRequest("asterisk-form is for OPTIONS")
            return target, host
        parts = split_absolute(target)
        if parts is None:
            raise BadRequest("malformed request target")
        # RFC 9112 3.2.2: "a proxy MUST ignore the received Host header field (if any) and instead replace it".
        authority, origin_form = parts
        if method == "OPTIONS" and _is_authority_alone(target):
            # RFC 9112 3.2.4: the last proxy "MUST send a request-target of "*"": the server as a whole is asked.
            origin_form = b"*"
        kept = [item for item in fields.kept if item[0].lower() != b"host"]
        fields.kept = [(b"Host", authority), *kept]
        return origin_form, authority


def _like(last: RequestShape, pattern: HeadPattern) -> RequestShape:
    """The shape of the head that *pattern* accepted, which is as *last* but for values."""
    return RequestShape(
        last.minor,
        pattern.template,
        pattern.asserted,
        last.authority,
        pattern.framing,
        last.keep_alive,
        last.expects_continue,
        last.upgrade,
        last.named,
    )


def _is_authority_alone(target: bytes) -> bool:
    """Whether an absolute *target* has neither path nor query."""
    return target.count(b"/") == 2 and b"?" not in target


def _expects_continue(values: tuple[bytes, ...]) -> bool:
    if any(value.lower() != b"100-continue" for value in values):
        raise ExpectationFailed("only 100-continue can be expected")
    return True


def _wanted_upgrade(values: tuple[bytes, ...]) -> bytes:
    """The protocol to ask the upstream for, or nothing when it must not be asked for."""
    wanted = b", ".join(values)
    lower = wanted.lower()
    return b"" if any(name in lower for name in _UNFORWARDED_UPGRADES) else wanted
