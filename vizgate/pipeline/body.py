"""Bodies: bytes that are here already, or chunks that come with backpressure.

In: what handlers and middleware see of a body. Not in: framing (``wire``) and sockets (``transport``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Protocol

from vizgate.errors import BodyTooLarge
from vizgate.message.headers import Field

#: No more than this is written without waiting for the peer.
AT_ONCE_BYTES = 128 * 1024
#: After so many pieces of a body everybody else has a turn. What comes from the network waits by itself; what a plugin
#: makes may never do, as long as the peer keeps up or has left.
PIECES_A_TURN = 16


class Body(Protocol):
    """A message body; it can be iterated once, unless ``data`` is there.

    ``length``: size in bytes, or None when only the end will tell. ``data``: the whole body when it is in memory, else
    None. ``trailers``: trailer fields, complete once the iteration has ended.
    """

    length: int | None
    data: bytes | None
    trailers: list[Field]

    def __aiter__(self) -> AsyncIterator[bytes]: ...

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        ...


class BytesBody:
    """A body that is in memory."""

    __slots__ = ("data", "length", "trailers")

    def __init__(self, data: bytes) -> None:
        self.data: bytes | None = data
        self.length: int | None = len(data)
        self.trailers: list[Field] = []

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self.data:
            yield self.data

    async def read(self, limit: int) -> bytes:
        """The whole body. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        data = self.data or b""
        if len(data) > limit:
            raise BodyTooLarge(f"body over {limit} bytes")
        return data

    def __repr__(self) -> str:
        return f"<BytesBody [{self.length} bytes]>"


class StreamBody:
    """A body that arrives in chunks from *source*; ``trailers`` is filled by the producer before it ends."""

    __slots__ = ("data", "length", "source", "trailers")

    def __init__(
        self, source: AsyncIterator[bytes], length: int | None = None, trailers: list[Field] | None = None
    ) -> None:
        self.source = source
        self.length = length
        self.data: bytes | None = None
        self.trailers: list[Field] = [] if trailers is None else trailers

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self.source if self.data is None else BytesBody(self.data).__aiter__()

    async def read(self, limit: int) -> bytes:
        """The whole body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            chunks, size = [], 0
            async for chunk in self.source:
                size += len(chunk)
                if size > limit:
                    # What was read is gone, so a later read must not take the rest for the whole.
                    self.source = _Spent()
                    raise BodyTooLarge(f"body over {limit} bytes")
                chunks.append(chunk)
            self.data = b"".join(chunks)
            self.length = size
        if len(self.data) > limit:
            raise BodyTooLarge(f"body over {limit} bytes")
        return self.data

    def __repr__(self) -> str:
        return f"<StreamBody [{'unknown length' if self.length is None else f'{self.length} bytes'}]>"


class _Spent:
    """The source of a body that was given up."""

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        raise BodyTooLarge("the body was given up")


def pieces_of(data: bytes) -> Iterable[bytes]:
    """*data* in pieces that may be written one after the other, as the peer takes them.

    Written at once, all that the peer has not taken yet would be held for each of a thousand who read slowly, though
    *data* itself is one for all of them.
    """
    if len(data) <= AT_ONCE_BYTES:
        return (data,)
    return (data[at : at + AT_ONCE_BYTES] for at in range(0, len(data), AT_ONCE_BYTES))


def discard(body: Body) -> None:
    """Let go of what of *body* has not come yet, because nobody will read it: its source is broken off if it can be."""
    abort = getattr(getattr(body, "source", None), "abort", None)
    if abort is not None:
        abort()


EMPTY = BytesBody(b"")
