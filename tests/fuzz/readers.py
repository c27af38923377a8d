"""What vizgate makes of bytes, as verdicts that can be compared.

In: one reader for each kind of message. Not in: what the verdict should be (``tests.fuzz.models``).

A verdict is ``("refused",)``, ``("waiting",)`` for more bytes, or the message, with how many bytes it took.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from vizgate.errors import BadBody, DownstreamError, InvalidResponse
from vizgate.message.forwarding import ASSERTED, ASSERTED_PREFIX
from vizgate.message.heads import KIND_NONE, RequestHead, ResponseHead
from vizgate.wire.bodies import ChunkedDecoder, make_decoder
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader
from vizgate.wire.response import ResponseReader

LIMITS = WireLimits(head_bytes=4096, fields=50, response_head_bytes=4096, trailer_bytes=1024, extension_bytes=512)

Verdict = tuple[Any, ...]
REFUSED: Verdict = ("refused",)
WAITING: Verdict = ("waiting",)


def new_sorter() -> FieldSorter:
    """The sorter of requests, as the gateway makes it."""
    return FieldSorter(ASSERTED, asserted_prefix=ASSERTED_PREFIX, drop_underscored=True)


def pieces(raw: bytes, size: int) -> Iterable[bytes]:
    """*raw* in pieces of *size* bytes."""
    return (raw[position : position + size] for position in range(0, len(raw), size))


def same(whole: Verdict, cut: Verdict) -> bool:
    """A fault may show before the end or at it, so that `refused` and `waiting` for more are one as to safety."""
    return whole == cut or {whole[0], cut[0]} <= {"refused", "waiting"}


def feed_request(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> tuple[RequestHead, int] | Verdict:
    """The head at the start of *raw*, which comes in pieces of *size* bytes, and its size; or a verdict."""
    reader = RequestReader(codec, LIMITS, new_sorter())
    for head in before:
        reader.feed(head)
    fed = 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            head = reader.feed(piece)
        except DownstreamError:
            return REFUSED
        if head is not None:
            return head, fed - len(reader.rest)
    return WAITING


def feed_response(
    codec: Any, raw: bytes, size: int, before: Sequence[bytes] = (), *, to_head: bool = False
) -> tuple[ResponseHead, int] | Verdict:
    """As ``feed_request``, for the head of a response. Args: to_head: whether it answers HEAD."""
    reader = ResponseReader(codec, LIMITS, FieldSorter())
    for head in before:
        reader.feed(head, to_head=False)
    fed = 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            head = reader.feed(piece, to_head=to_head)
        except InvalidResponse:
            return REFUSED
        if head is not None:
            return head, fed - len(reader.rest)
    return WAITING


def read_request(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
    """What a reader that has read the heads *before* makes of *raw* that comes in pieces of *size* bytes."""
    found = feed_request(codec, raw, size, before)
    if not isinstance(found[0], RequestHead):
        return found
    head, used = found
    shape = head.shape
    what = shape.minor, shape.authority, shape.framing, shape.keep_alive, shape.expects_continue, shape.upgrade
    return ("head", used, tuple(shape.fields), head.method, head.target, shape.asserted, *what)


def read_response(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
    """As ``read_request``, for the head of a response."""
    found = feed_response(codec, raw, size, before)
    if not isinstance(found[0], ResponseHead):
        return found
    head, used = found
    what = head.status, head.reason, head.minor, head.framing, head.keep_alive, head.upgrade
    return ("head", used, head.template.fields, *what)


def read_chunks(_: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
    """As ``read_request``, for a chunked body; the codec has no say in bodies."""
    decoder = ChunkedDecoder(LIMITS, BadBody)
    content, fed = bytearray(), 0
    for piece in pieces(raw, size):
        fed += len(piece)
        try:
            content += decoder.feed(piece)
        except BadBody:
            return REFUSED
        if decoder.done:
            return ("body", fed - len(decoder.rest), bytes(content), tuple(decoder.trailers))
    return WAITING


def read_stream(codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
    """Every whole request on a connection that brings *raw*: ``(method, target, body)``, then how it went on."""
    reader = RequestReader(codec, LIMITS, new_sorter())
    found: list[Any] = []
    waiting = iter(pieces(raw, size))
    data = b""
    try:
        while True:
            head = reader.feed(data) if data else None
            while head is None:
                head = reader.feed(next(waiting))
            data, body = reader.rest, b""
            if head.shape.framing.kind is not KIND_NONE:
                decoder = make_decoder(head.shape.framing, LIMITS, BadBody, head.shape.named)
                body = decoder.feed(data) if data else b""
                while not decoder.done:
                    body += decoder.feed(next(waiting))
                data = decoder.rest
            found.append((head.method, head.target, body))
            if not head.shape.keep_alive or head.shape.upgrade:
                return ("stream", tuple(found), "ended")
    except StopIteration:
        return ("stream", tuple(found), "open")
    except DownstreamError:
        return ("stream", tuple(found), "open")
