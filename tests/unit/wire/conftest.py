"""What the tests of ``wire`` share: every head is read with both codecs, whole and byte by byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from vizgate.message.forwarding import ASSERTED
from vizgate.message.heads import RequestHead, ResponseHead
from vizgate.wire.choice import choose_codec
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits
from vizgate.wire.request import RequestReader
from vizgate.wire.response import ResponseReader

ReadRequest = Callable[..., tuple[RequestHead, bytes]]
ReadResponse = Callable[..., tuple[ResponseHead, bytes]]


@pytest.fixture(params=["httptools", "h11"])
def codec(request: pytest.FixtureRequest) -> HeadCodec:
    return choose_codec(request.param)


@pytest.fixture(params=["whole", "bytes"])
def cut(request: pytest.FixtureRequest) -> Callable[[bytes], Iterator[bytes]]:
    """How a message arrives: in one piece, or byte by byte."""

    def pieces(data: bytes) -> Iterator[bytes]:
        step = len(data) if request.param == "whole" else 1
        return (data[at : at + step] for at in range(0, len(data), max(step, 1)))

    return pieces


@pytest.fixture
def read_request(codec: HeadCodec, cut: Callable[[bytes], Iterator[bytes]]) -> ReadRequest:
    """Reads the first head of what it is given; answers with it and the bytes that came after it."""

    def read(data: bytes, limits: WireLimits | None = None) -> tuple[RequestHead, bytes]:
        reader = RequestReader(codec, limits or WireLimits(), FieldSorter(ASSERTED, drop_underscored=True))
        pieces = cut(data)
        for piece in pieces:
            head = reader.feed(piece)
            if head is not None:
                return head, reader.rest + b"".join(pieces)
        raise EOFError("the head is not complete")

    return read


@pytest.fixture
def read_response(codec: HeadCodec, cut: Callable[[bytes], Iterator[bytes]]) -> ReadResponse:
    """As ``read_request``, for answers."""

    def read(data: bytes, limits: WireLimits | None = None, *, to_head: bool = False) -> tuple[ResponseHead, bytes]:
        reader = ResponseReader(codec, limits or WireLimits(), FieldSorter())
        pieces = cut(data)
        for piece in pieces:
            head = reader.feed(piece, to_head=to_head)
            if head is not None:
                return head, reader.rest + b"".join(pieces)
        raise EOFError("the head is not complete")

    return read
