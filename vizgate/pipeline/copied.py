"""Bodies that are looked at on their way.

In: one that is copied while it is relayed. Not in: checking.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

from vizgate.message.headers import Field
from vizgate.pipeline.body import Body, BytesBody


class CopiedBody:
    """*body*, whose content is given to *take* once all of it has been relayed, if it is at most *limit* bytes.

    Nothing waits for that: every chunk goes on as it comes. See ``pipeline.body.Body``.
    """

    __slots__ = ("_body", "_limit", "_take", "data", "length", "trailers")

    def __init__(self, body: Body, limit: int, take: Callable[[bytes], None]) -> None:
        self._body = body
        self._limit = limit
        self._take = take
        self.data: bytes | None = None
        self.length: int | None = body.length
        self.trailers: list[Field] = body.trailers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        kept: list[bytes] = []
        size = 0
        async for content in self._body:
            size += len(content)
            if size <= self._limit:
                kept.append(content)
            else:
                kept.clear()
            yield content
        if size <= self._limit:
            self._take(b"".join(kept))

    async def read(self, limit: int) -> bytes:
        """The whole body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            self.data = await self._body.read(limit)
            if len(self.data) <= self._limit:
                self._take(self.data)
        return await BytesBody(self.data).read(limit)
