"""A body that is stored while clients are reading it.

In: ``Fill``. Not in: whether it is kept in the end (``flight.fetch``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from vizgate.cache.flight.room import Room
from vizgate.cache.storage.stored import StoredResponse
from vizgate.errors import UpstreamReset
from vizgate.pipeline.body import AT_ONCE_BYTES, Body, StreamBody


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
        self._whole: bytes | None = None
        self._stored: StoredResponse | None = None
        self._readers = 0
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
            # Readers go on in the same bytes that are stored.
            self._whole, self._chunks = b"".join(self._chunks), []
            return self._whole
        finally:
            self._wake()

    def _can_hold(self, chunk: bytes) -> bool:
        """Whether *chunk*, the last one that came, can be held beside the others."""
        if self._size > self._limit_bytes:
            return False
        self.found_no_room = self.length is None and not self._room.take(len(chunk))
        return not self.found_no_room

    def stored_as(self, stored: StoredResponse) -> None:
        """The whole of it is the data of *stored*, which those who are still reading hold from now on."""
        self._stored = stored
        stored.readers += self._readers

    def body(self) -> Body:
        """The body for one more reader, from its beginning."""
        return StreamBody(self._read(), self.length, self._body.trailers)

    async def _read(self) -> AsyncIterator[bytes]:
        self._readers += 1
        if self._stored is not None:
            self._stored.readers += 1
        try:
            async for chunk in self._followed():
                yield chunk
        finally:
            self._readers -= 1
            if self._stored is not None:
                self._stored.let_go()

    async def _followed(self) -> AsyncIterator[bytes]:
        index = at = 0
        while True:
            if self._whole is not None:
                for start in range(at, len(self._whole), AT_ONCE_BYTES):
                    yield self._whole[start : start + AT_ONCE_BYTES]
                return
            if index < len(self._chunks):
                chunk = self._chunks[index]
                index, at = index + 1, at + len(chunk)
                yield chunk
            elif self._is_broken:
                raise UpstreamReset("the answer that was being stored broke off")
            elif self.is_too_long:
                self._chunks = []
                self._room.leave()
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
        return f"<Fill [{self._size} bytes, {'arriving' if self._whole is None else 'ended'}]>"
