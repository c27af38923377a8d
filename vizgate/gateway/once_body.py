"""A request body that can be taken from the client once, whatever way it comes.

In: ``OnceBody``, the rules for readers. Not in: where the content comes from (``gateway.http1.request_body``,
``gateway.asgi.inbox``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from vizgate.errors import BodyTooLarge
from vizgate.message.headers import Field
from vizgate.pipeline.body import BytesBody


class OnceBody:
    """See ``pipeline.body.Body``. What has been handed out is gone: it never looks like an empty body, or a part like
    the whole, to whoever asks next.

    ``limit_bytes``: the most it may hold, 0 for no bound. ``received_bytes``: content so far.
    """

    __slots__ = ("_has_ended", "_is_given_up", "data", "length", "limit_bytes", "received_bytes", "trailers")

    def __init__(self, length: int | None, trailers: list[Field]) -> None:
        self.data: bytes | None = None
        self.length = length
        self.limit_bytes = 0
        self.received_bytes = 0
        self.trailers = trailers
        self._has_ended = False
        self._is_given_up = False

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self if self.data is None else BytesBody(self.data).__aiter__()

    async def __anext__(self) -> bytes:
        """The next content.

        Raises: BodyTooLarge, RequestTimedOut, BadBody, ClientGone. RuntimeError: its end was handed out before.
        """
        if self._is_given_up:
            raise BodyTooLarge("the body was given up")
        if self._has_ended:
            raise RuntimeError("a request body that is not in memory can be read once")
        content = await self._next_content()
        if not content:
            self._has_ended = True
            raise StopAsyncIteration
        return content

    async def _next_content(self) -> bytes:
        """The next content, ``b""`` at the end; each kind of body has its own."""
        return b""

    def _check_limit(self, announced: int = 0) -> None:
        """Raise when what came and the *announced* bytes of a chunk that is not here yet are over the limit."""
        if self.limit_bytes and self.received_bytes + announced > self.limit_bytes:
            raise BodyTooLarge(f"body over {self.limit_bytes} bytes")

    async def read(self, limit: int) -> bytes:
        """The whole body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            chunks, size = [], 0
            async for content in self:
                size += len(content)
                if size > limit:
                    self._is_given_up = True
                    raise BodyTooLarge(f"body over {limit} bytes")
                chunks.append(content)
            self.data = b"".join(chunks)
        if len(self.data) > limit:
            raise BodyTooLarge(f"body over {limit} bytes")
        return self.data
