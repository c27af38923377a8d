"""Reads response heads as strictly as request heads: what is not a response becomes 502, never the client's problem.

In: ``ResponseReader``. Not in: bodies (``wire.bodies``).
"""

from __future__ import annotations

from vizgate.errors import InvalidResponse
from vizgate.message.heads import KIND_LENGTH, KIND_NONE, ResponseHead
from vizgate.message.template import FieldTemplate
from vizgate.wire.codec import CodecRejected, HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.framing import response_framing
from vizgate.wire.grammar import RESPONSE_HEAD, partial_fields_problem, partial_status_problem
from vizgate.wire.limits import WireLimits
from vizgate.wire.pattern import HeadPattern

#: The status line of a head, and how many lines it has.
HeadKind = tuple[bytes, int]

_MEMO_SIZE = 64
_PATTERNS = 16
_MEMO_BYTES = 2048


class HeadMemo:
    """The heads that the connections to one target have read: whole ones by their bytes, and patterns of such as differ
    in values by their status line and how many lines they have. Both are bounded.
    """

    __slots__ = ("heads", "patterns")

    def __init__(self) -> None:
        self.heads: dict[bytes, ResponseHead] = {}
        self.patterns: dict[HeadKind, tuple[HeadPattern, ResponseHead]] = {}

    def keep_head(self, block: bytes, head: ResponseHead) -> None:
        """Remember what *block* said."""
        if len(self.heads) >= _MEMO_SIZE:
            self.heads.clear()
        self.heads[block] = head

    def keep_pattern(self, kind: HeadKind, pattern: HeadPattern, head: ResponseHead) -> None:
        """Compare further heads of *kind* with *pattern*, which was made of *head*."""
        if len(self.patterns) >= _PATTERNS:
            self.patterns.clear()
        self.patterns[kind] = pattern, head

    def __repr__(self) -> str:
        return f"<HeadMemo [{len(self.heads)} heads, {len(self.patterns)} patterns]>"


class ResponseReader:
    """Turns the bytes of one upstream connection into response heads; ``rest`` as in ``RequestReader``.

    Args: memo: shared by the connections to one target; a head that stands there is not taken apart again.
    """

    __slots__ = ("_buffer", "_checked", "_codec", "_limits", "_memo", "_sorter", "rest")

    def __init__(self, codec: HeadCodec, limits: WireLimits, sorter: FieldSorter, memo: HeadMemo | None = None) -> None:
        self._codec = codec
        self._limits = limits
        self._sorter = sorter
        self._memo = HeadMemo() if memo is None else memo
        self._buffer = b""
        self._checked = 0
        self.rest = b""

    def feed(self, data: bytes, *, to_head: bool) -> ResponseHead | None:
        """The next head when *data* completes it, else None. Args: to_head: whether the request was HEAD.

        Raises: InvalidResponse: what came is no response, or over ``response_head``.
        """
        block = self._buffer + data if self._buffer else data
        end = block.find(b"\r\n\r\n") + 4
        if end == 3:  # find() gave -1
            self._buffer = block
            self._check_partial(block)
            return None
        self._buffer = b""
        self._checked = 0
        if end == len(block):
            self.rest = b""
        else:
            self.rest = block[end:]
            block = block[:end]
        if to_head:
            return self._read(block, to_head=True)
        head = self._memo.heads.get(block)
        return self._remember(block) if head is None else head

    def _remember(self, block: bytes) -> ResponseHead:
        if len(block) > min(_MEMO_BYTES, self._limits.response_head_bytes):
            return self._read(block, to_head=False)
        lines = block.split(b"\r\n")
        kind = lines[0], len(lines)
        pattern, last = self._memo.patterns.get(kind, (None, None))
        if pattern is not None and last is not None and pattern.accept(lines):
            head = _like(last, pattern)
        else:
            head = self._read(block, to_head=False)
            pattern = HeadPattern(lines, head.template, (), head.framing, self._sorter)
            self._memo.keep_pattern(kind, pattern, head)
        self._memo.keep_head(block, head)
        return head

    def _check_partial(self, block: bytes) -> None:
        if len(block) > self._limits.response_head_bytes:
            raise InvalidResponse("response head too large")
        if self._checked == 0:
            problem = partial_status_problem(block)
        else:
            problem = None if partial_fields_problem(block[self._checked :]) is None else "malformed field line"
        if problem is not None:
            raise InvalidResponse(problem)
        self._checked = block.rfind(b"\r\n") + 2 if b"\r\n" in block else 0

    def _read(self, block: bytes, *, to_head: bool) -> ResponseHead:
        if len(block) > self._limits.response_head_bytes:
            raise InvalidResponse("response head too large")
        match = RESPONSE_HEAD.fullmatch(block)
        if match is None:
            raise InvalidResponse("malformed response head")
        minor, status, reason = int(match[1]), int(match[2]), match[3]
        try:
            fields = self._sorter.sort(self._codec.response_fields(block))
        except CodecRejected as exc:
            raise InvalidResponse("malformed response head") from exc
        framing = response_framing(fields.lengths, fields.encodings, minor, status=status, to_head=to_head)
        options = fields.options
        keep_alive = b"close" not in options and (minor == 1 or b"keep-alive" in options)
        kept = fields.kept
        if fields.lengths and (status == 304 or (to_head and status >= 200 and status != 204)):
            # RFC 9110 8.6: here the length describes a body that is not sent, so it is an ordinary field; but "a server
            # MUST NOT send a Content-Length header field in any response with a status code of 1xx or 204".
            kept.append((b"Content-Length", fields.lengths[0]))
        upgrade = b", ".join(fields.upgrades) if fields.upgrades and b"upgrade" in options else b""
        if status == 101 and not upgrade:
            # RFC 9110 15.2.2: "The server MUST generate an Upgrade header field in the response".
            raise InvalidResponse("101 without the protocol it switches to")
        template = FieldTemplate(kept)
        has_date = fields.has_date
        head = ResponseHead(status, reason or b"", minor, template, framing, keep_alive, upgrade, has_date, options)
        if keep_alive and status >= 200 and framing.kind in (KIND_LENGTH, KIND_NONE):
            head.plain_length = framing.length
        return head


def _like(last: ResponseHead, pattern: HeadPattern) -> ResponseHead:
    """The head that *pattern* accepted, which is as *last* but for values."""
    return ResponseHead(
        last.status,
        last.reason,
        last.minor,
        pattern.template,
        pattern.framing,
        last.keep_alive,
        last.upgrade,
        last.has_date,
        last.named,
        -1 if last.plain_length < 0 else pattern.framing.length,
    )
