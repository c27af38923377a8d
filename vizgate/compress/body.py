"""Bodies that are compressed on their way.

In: ``CompressedBody`` and ``compress_whole``. Not in: the encoders (``compress.encoders``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from vizgate.compress.encoders import Encoder
from vizgate.message.headers import Field
from vizgate.pipeline.body import Body, StreamBody

#: More than this at once is compressed in a thread: brotli takes about a millisecond for it. The encoders let go of
#: the interpreter's lock meanwhile.
OFF_LOOP_BYTES = 32 * 1024


class CompressedBody:
    """*body*, compressed by *encoder* chunk by chunk; see ``pipeline.body.Body``. Its length is unknown.

    If that of *body* is unknown, too, nothing of a chunk waits for the next one: it may be an event, and the last one
    for an hour.
    """

    __slots__ = ("_body", "_encoder", "_flushes", "data", "length", "trailers")

    def __init__(self, body: Body, encoder: Encoder) -> None:
        self._body = body
        self._encoder = encoder
        self._flushes = body.length is None
        self.data: bytes | None = None
        self.length: int | None = None
        # The same list: it is filled when the end has come.
        self.trailers: list[Field] = body.trailers

    @property
    def source(self) -> Any:
        """What the body comes from, for ``pipeline.body.discard``."""
        return getattr(self._body, "source", None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for content in self._body:
            is_long = len(content) > OFF_LOOP_BYTES
            coded = await asyncio.to_thread(self._coded, content) if is_long else self._coded(content)
            if coded:
                yield coded
        rest = self._encoder.finish()
        if rest:
            yield rest

    def _coded(self, content: bytes) -> bytes:
        coded = self._encoder.feed(content)
        return coded + self._encoder.flush() if self._flushes else coded

    async def read(self, limit: int) -> bytes:
        """The whole compressed body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            self.data = await StreamBody(aiter(self)).read(limit)
            self.length = len(self.data)
        return self.data


def compress_now(data: bytes, encoder: Encoder) -> bytes:
    """The whole of *data*, compressed."""
    return encoder.feed(data) + encoder.finish()


async def compress_whole(data: bytes, encoder: Encoder) -> bytes:
    """As ``compress_now``, without holding up the loop."""
    if len(data) <= OFF_LOOP_BYTES:
        return compress_now(data, encoder)
    return await asyncio.to_thread(compress_now, data, encoder)
