"""A body that is stored while clients are reading it.

In: ``Fill``. Not in: whether it is kept in the end (``flight.fetch``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from vizgate.cache.flight.room import Room
from vizgate.errors import UpstreamReset
from vizgate.pipeline.body import Body, StreamBody


class Fill:
    """What has come of *body*, for any number of readers; they are as fast as they are, and the service is not held up.

    Args: limit_bytes: the most that is held. A body that turns out to be longer goes on to its only reader. room: where
    its bytes are held; for one whose length is known there is room already.
    """

    def __init__(self, body: Body, limit_bytes: int, room: Room) -> None:
        self.length = body.length
        self._body = body
        self._source = aiter(body)
        self._limit_bytes = limit_bytes
        self._room = room
        self._chunks: list[bytes] = []
        self._size = 0
        self._has_ended = False
        self._is_broken = False
        #: Whether the body is longer than what can be held.
        self.is_too_long = False
        #: Whether that is because others hold so much at present.
        self.found_no_room = False
        self._waiting: list[asyncio.Future[None]] = []

    @property
    def can_be_shared(self) -> bool:
        """Whether more than one may read it: it cannot turn out to be too long, and has not broken off."""
        return self.length is not None and not self._is_broken

    async def run(self) -> bytes | None:
        """Take in the body; the whole of it, or None when it is too long. Raises: what the body raises."""
        try:
            async for chunk in self._source:
                self._chunks.append(chunk)
                self._size += len(chunk)
                if not self._can_hold(chunk):
                    self.is_too_long = True
                    return None
                self._wake()
        except BaseException:
            self._is_broken = True
            raise
        else:
            self._has_ended = True
            return b"".join(self._chunks)
        finally:
            self._wake()

    def _can_hold(self, chunk: bytes) -> bool:
        """Whether *chunk*, the last one that came, can be held beside the others."""
        if self._size > self._limit_bytes:
            return False
        self.found_no_room = self.length is None and not self._room.take(len(chunk))
        return not self.found_no_room

    def body(self) -> Body:
        """The body for one more reader, from its beginning."""
        return StreamBody(self._read(), self.length, self._body.trailers)

    async def _read(self) -> AsyncIterator[bytes]:
        index = 0
        while True:
            if index < len(self._chunks):
                index += 1
                yield self._chunks[index - 1]
            elif self._has_ended:
                return
            elif self._is_broken:
                raise UpstreamReset("the answer that was being stored broke off")
            elif self.is_too_long:
                async for chunk in self._source:
                    yield chunk
                return
            else:
                await self._wait()

    async def _wait(self) -> None:
        future = asyncio.get_running_loop().create_future()
        self._waiting.append(future)
        await future

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    def __repr__(self) -> str:
        return f"<Fill [{self._size} bytes, {'ended' if self._has_ended else 'arriving'}]>"
