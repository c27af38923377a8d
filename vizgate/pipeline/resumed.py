"""Bodies whose beginning was read by somebody who did not want all of it.

In: a body that goes on after its beginning was read, and ``kept``. Not in: the other bodies (``pipeline.body``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from vizgate.message.headers import Field
from vizgate.pipeline.body import Body, BytesBody, StreamBody


class ResumedBody:
    """*rest*, of which *first* was read already. It can be iterated once; see ``pipeline.body.Body``."""

    __slots__ = ("_first", "_rest", "data", "length", "trailers")

    def __init__(self, first: list[bytes], rest: Body) -> None:
        self._first = first
        self._rest = rest
        self.data: bytes | None = None
        self.length: int | None = rest.length
        # The same list: it is filled when the end has come.
        self.trailers: list[Field] = rest.trailers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        first, self._first = self._first, []
        for content in first:
            yield content
        async for content in self._rest:
            yield content

    async def read(self, limit: int) -> bytes:
        """The whole body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            self.data = await StreamBody(aiter(self)).read(limit)
        return await BytesBody(self.data).read(limit)


async def kept(body: Body, limit_bytes: int) -> Body:
    """*body* with its content in memory if it has at most *limit_bytes*; a longer one goes on as it comes.

    Its length stays untold if it was, so that it leaves as it came. Raises: what *body* raises.
    """
    chunks: list[bytes] = []
    size = 0
    async for content in body:
        chunks.append(content)
        size += len(content)
        if size > limit_bytes:
            return ResumedBody(chunks, body)
    whole = BytesBody(b"".join(chunks))
    whole.length = body.length
    whole.trailers = body.trailers
    return whole
