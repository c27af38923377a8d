"""What is fuzzed, and what must hold for every input.

In: ``Target`` and its four forms: request heads, response heads, chunked bodies, streams of requests. Not in: making
inputs (``tests.fuzz.mutator``) and counting (``tests.fuzz.campaign``).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tests.conformance import (
    test_chunked_body,
    test_content_length,
    test_host,
    test_request_head,
    test_response_body,
    test_response_head,
    test_target,
    test_transfer_encoding,
)
from tests.fuzz import models, readers
from tests.fuzz.mutator import Mutator
from tests.fuzz.readers import Verdict, same
from vizgate.message.heads import CHUNKED, KIND_CHUNKED, KIND_LENGTH, KIND_NONE, KIND_UNTIL_CLOSE, ResponseHead
from vizgate.message.template import field_lines
from vizgate.wire.choice import choose_codec
from vizgate.wire.serialize import chunk, last_chunk, request_head, response_head

CODECS = [choose_codec("httptools"), choose_codec("h11")]
#: How an input is cut, besides coming whole; each takes the next one.
CUTS = (7, 64, 3, 200, 16, 500, 31, 1)
#: Longer bodies are not made up for the sake of a comparison.
_BODY_BYTES = 10_000
# What vizgate takes and another parser by itself does not: odd chunk extensions, white space behind a coding, framing
# fields in trailers. None of it leaves vizgate, so nobody behind it has to read it.
_REFUSED_ELSEWHERE = re.compile(
    rb";|chunked[ \t]+\r\n|(?:^|\n)0+\r\n(?:[^\r\n]+\r\n)*(?:transfer-encoding|content-length):", re.IGNORECASE
)
_HOP_BY_HOP = {b"connection", b"keep-alive", b"te", b"upgrade", b"proxy-connection"}

Read = Callable[..., Verdict]
Meter = Callable[..., Verdict]


class Split(AssertionError):
    """Two readers of one input do not agree."""


class Target:
    """One kind of message. ``seeds``: what inputs grow from."""

    name = ""
    read: Read
    #: Whether a reader remembers what it has read, so that the next message may mean what it would not mean alone.
    has_memory = False

    def __init__(self, seeds: list[bytes]) -> None:
        self.seeds = seeds
        self._turn = 0
        self._mutator = Mutator(seeds, 0)

    def check(self, raw: bytes, meter: Meter) -> bool:
        """Whether *raw* holds a sound message. Raises: Split: not everybody says so."""
        read = type(self).read
        whole = max(len(raw), 1)
        verdict = meter(read, CODECS[0], raw, whole)
        other = meter(read, CODECS[1], raw, whole)
        if verdict != other:
            raise Split(f"httptools: {verdict}; h11: {other}")
        self._turn += 1
        size = CUTS[self._turn % len(CUTS)]
        cut = meter(read, CODECS[self._turn % 2], raw, size)
        if not same(verdict, cut):
            raise Split(f"whole: {verdict}; in pieces of {size}: {cut}")
        is_sound = self.judge(raw, verdict)
        if is_sound and self.has_memory:
            self._repeat(raw[: verdict[1]], meter)
        return is_sound

    def _repeat(self, raw: bytes, meter: Meter) -> None:
        """Read what is almost *raw* behind *raw*, and what is almost that behind both; memory must not show."""
        read = type(self).read
        before = [raw]
        for turn in range(2):
            near = self._mutator.vary(before[-1])
            codec = CODECS[(self._turn + turn) % 2]
            cold = meter(read, codec, near, max(len(near), 1))
            warm = meter(read, codec, near, max(len(near), 1), before)
            if cold != warm:
                raise Split(f"{near!r} alone: {cold}; behind {before}: {warm}")
            if cold[0] != "head":
                return
            before.append(near[: cold[1]])

    def judge(self, raw: bytes, verdict: Verdict) -> bool:
        """Whether *verdict* accepts. Raises: Split: the models and the other parsers do not agree."""
        raise NotImplementedError


class RequestHeads(Target):
    """A request head; what would be forwarded is read back by llhttp and h11."""

    name = "request heads"
    has_memory = True
    read = staticmethod(readers.read_request)

    def judge(self, raw: bytes, verdict: Verdict) -> bool:
        """See ``Target.judge``."""
        if verdict[0] != "head":
            return False
        used = raw[: verdict[1]].lstrip(b"\r\n")
        if not models.REQUEST.fullmatch(used):
            raise Split(f"accepted, but no head by the model: {used!r}")
        _, _, fields, method, target, _, _, authority, framing, *_ = verdict
        check_fields(used, fields, {(b"Host", authority)})
        kept = fields if authority else ((b"Host", b"x"), *fields)
        sent = request_head(method, target, field_lines(kept), framing)
        body = made_up_body(framing)
        if body is not None:
            check_relayed_request(sent + body[0], (method.encode(), target, body[1]))
        return True


class ResponseHeads(Target):
    """As ``RequestHeads``, for responses."""

    name = "response heads"
    has_memory = True
    read = staticmethod(readers.read_response)

    def judge(self, raw: bytes, verdict: Verdict) -> bool:
        """See ``Target.judge``."""
        if verdict[0] != "head":
            return False
        used = raw[: verdict[1]]
        if not models.RESPONSE.fullmatch(used):
            raise Split(f"accepted, but no head by the model: {used!r}")
        _, _, fields, status, reason, _, framing, *_ = verdict
        # The length of a body that is not there is an ordinary field, spelt our way.
        check_fields(used, fields, {field for field in fields if status == 304 and field[0] == b"Content-Length"})
        if any(name.lower() == b"content-length" for name, _ in fields) and status != 304:
            raise Split(f"the length is not an ordinary field: {fields}")
        check_answer_to_head(raw)
        framing = CHUNKED if framing.kind is KIND_UNTIL_CLOSE else framing
        body = made_up_body(framing)
        if body is not None and status != 101:
            sent = response_head(status, reason, field_lines(fields), framing) + body[0]
            check_relayed_response(sent, body[1], is_interim=status < 200)
        return True


class ChunkedBodies(Target):
    """A chunked body, against a strict model, llhttp and h11."""

    name = "chunked bodies"
    read = staticmethod(readers.read_chunks)
    _HEAD = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"

    def judge(self, raw: bytes, verdict: Verdict) -> bool:
        """See ``Target.judge``."""
        if verdict[0] != "body":
            return False
        _, size, content, _ = verdict
        if models.strict_chunks(raw) != (content, size):
            raise Split(f"vizgate: {verdict}; the model: {models.strict_chunks(raw)}")
        message = self._HEAD + raw[:size]
        found, _ = models.llhttp_messages(message)
        other = models.h11_request(message)
        theirs = [body for _, _, body in found] + ([] if other is None else [other[0][2]])
        may_refuse = _REFUSED_ELSEWHERE.search(raw[:size])
        if any(body != content for body in theirs) or (len(theirs) < 2 and not may_refuse):
            raise Split(f"vizgate: {content!r}; llhttp: {found}; h11: {other}")
        return True


class Streams(Target):
    """All requests of a connection, against llhttp."""

    name = "request streams"
    read = staticmethod(readers.read_stream)

    def judge(self, raw: bytes, verdict: Verdict) -> bool:
        """See ``Target.judge``."""
        ours = verdict[1]
        if not ours:
            return False
        theirs, _ = models.llhttp_messages(raw)
        for (method, target, body), (other_method, other_target, other_body) in zip(ours, theirs, strict=False):
            # The target of an absolute form is not what came.
            if (method.encode(), body) != (other_method, other_body) or (
                other_target[:1] == b"/" and target != other_target
            ):
                raise Split(f"vizgate: {ours}; llhttp: {theirs}")
        if len(theirs) < len(ours) and _REFUSED_ELSEWHERE.search(raw) is None:
            raise Split(f"vizgate: {ours}; llhttp only: {theirs}")
        return True


def check_fields(raw: bytes, fields: tuple[tuple[bytes, bytes], ...], more: set[tuple[bytes, bytes]]) -> None:
    """Every field that is kept stands in the bytes, with its value as it is there, or in *more*."""
    matches = [match for match in map(models.FIELD.fullmatch, raw.split(b"\r\n")[1:]) if match is not None]
    made_up = set(fields) - {(match[1], match[2]) for match in matches} - more
    if made_up:
        raise Split(f"fields made up: {made_up}")
    for name, _ in fields:
        if name.lower() in _HOP_BY_HOP:
            raise Split(f"hop-by-hop field kept: {name!r}")


def check_answer_to_head(raw: bytes) -> None:
    """Read as the answer to HEAD, a head has no body, and no length where RFC 9110 8.6 forbids one."""
    found = readers.feed_response(CODECS[0], raw, len(raw), to_head=True)
    if not isinstance(found[0], ResponseHead) or found[0].framing.kind is not KIND_NONE:
        raise Split(f"to HEAD: {found}")
    names = {name.lower() for name, _ in found[0].template.fields}
    if b"content-length" in names and (found[0].status < 200 or found[0].status == 204):
        raise Split(f"to HEAD: {found}")


def made_up_body(framing: Any) -> tuple[bytes, bytes] | None:
    """A body of *framing*: as it is sent and its content; None when it would be long."""
    if framing.kind is KIND_NONE:
        return b"", b""
    if framing.kind is KIND_CHUNKED:
        return chunk(b"hello") + last_chunk([]), b"hello"
    if framing.kind is KIND_LENGTH and framing.length <= _BODY_BYTES:
        return b"x" * framing.length, b"x" * framing.length
    return None


def check_relayed_request(sent: bytes, message: models.Message) -> None:
    """What is forwarded is one request to llhttp and to h11, the same to both, with no byte behind it."""
    found, fields = models.llhttp_messages(sent)
    other = models.h11_request(sent)
    if found != [message] or other is None or other[0] != message:
        raise Split(f"relayed {sent!r}; llhttp: {found}; h11: {other}")
    if [name.lower() for name, _ in fields] != [bytes(name).lower() for name, _ in other[1]]:
        raise Split(f"relayed {sent!r}; fields by llhttp: {fields}; by h11: {other[1]}")


def check_relayed_response(sent: bytes, body: bytes, *, is_interim: bool) -> None:
    """As ``check_relayed_request``."""
    found, fields = models.llhttp_messages(sent, is_request=False)
    other = models.h11_response(sent)
    if [content for _, _, content in found] != [body] or other is None or (other[0][2] != body and not is_interim):
        raise Split(f"relayed {sent!r}; llhttp: {found}; h11: {other}")
    if [name.lower() for name, _ in fields] != [bytes(name).lower() for name, _ in other[1]]:
        raise Split(f"relayed {sent!r}; fields by llhttp: {fields}; by h11: {other[1]}")


def _requests(*modules: Any) -> list[bytes]:
    """The requests of the tables, cut to a size that is quick to mutate."""
    return sorted({row.request[:1500] for module in modules for row in module.ROWS})


_HEADS = _requests(test_request_head, test_host, test_target, test_transfer_encoding, test_content_length)
_BODIES = _requests(test_chunked_body)
_RESPONSES = sorted({row[1][:1500] for row in [*test_response_head.UNUSABLE, *test_response_head.MENDABLE,
                                               *test_response_head.USABLE] if row[1]}
                    | {row[2] for row in test_response_body.BODYLESS})  # fmt: skip
_SMALL = [raw for raw in [*_HEADS, *_BODIES] if len(raw) < 300]


def all_targets() -> list[Target]:
    """The targets, with the cases of the conformance tables as seeds."""
    return [
        RequestHeads(_HEADS),
        ResponseHeads(_RESPONSES),
        ChunkedBodies([raw.partition(b"\r\n\r\n")[2] for raw in _BODIES]),
        Streams([first + second for first, second in zip(_SMALL, _SMALL[1:] + _BODIES, strict=False)]),
    ]
