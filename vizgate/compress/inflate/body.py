"""Request bodies that are inflated on their way, within limits.

In: ``InflatedBody``. Not in: the decoders (``compress.inflate.decoders``).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import NamedTuple

from vizgate.compress.inflate.decoders import Decoder, Undecodable
from vizgate.compress.inflate.room import FREE_WINDOW_BYTES, InflateRoom
from vizgate.errors import BadBody, BodyNeedsRoom, BodyTooLarge
from vizgate.message.headers import Field
from vizgate.pipeline.body import Body, StreamBody

#: So much may come of any body: short ones of one letter are no bombs, whatever their ratio.
FREE_BYTES = 64 * 1024


class InflateLimits(NamedTuple):
    """``size``: the most bytes that may come of a body. ``ratio``: the most bytes for each one that came. ``window``:
    how much of it a decoder may keep.
    """

    size: int
    ratio: int
    window: int = 0


class InflatedBody:
    """*body*, inflated by *decoder*; see ``pipeline.body.Body``. Its length is unknown. Args: room: for its window."""

    __slots__ = ("_body", "_came", "_decoder", "_held", "_limits", "_made", "_room", "data", "length", "trailers")

    def __init__(self, body: Body, decoder: Decoder, limits: InflateLimits, room: InflateRoom) -> None:
        self._body = body
        self._decoder = decoder
        self._limits = limits
        self._room = room
        self._held = 0
        self._came = 0
        self._made = 0
        self.data: bytes | None = None
        self.length: int | None = None
        self.trailers: list[Field] = body.trailers

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Its content.

        Raises: BodyTooLarge: a limit is reached. BadBody: it cannot be inflated. BodyNeedsRoom: others hold the memory.
        """
        try:
            async for content in self._body:
                self._came += len(content)
                for piece in self._decoder.feed(content):
                    self._count(len(piece))
                    yield piece
                    # One chunk can become much: others have their turn in between.
                    await asyncio.sleep(0)
            self._decoder.finish()
        except Undecodable as exc:
            raise BadBody("the body is not in the coding that Content-Encoding says") from exc
        finally:
            held, self._held = self._held, 0
            self._room.give(held)

    def _count(self, size: int) -> None:
        self._made += size
        if self._made > self._limits.size:
            raise BodyTooLarge(f"inflated body over {self._limits.size} bytes")
        if self._made > max(FREE_BYTES, self._came * self._limits.ratio):
            raise BodyTooLarge(f"inflated body over {self._limits.ratio} times its length")
        wanted = min(self._made, self._limits.window) - FREE_WINDOW_BYTES - self._held
        if wanted > 0:
            if not self._room.take(wanted):
                raise BodyNeedsRoom("too many large compressed bodies at once")
            self._held += wanted

    async def read(self, limit: int) -> bytes:
        """The whole inflated body, kept in memory. Raises: BodyTooLarge: it is longer than *limit* bytes."""
        if self.data is None:
            self.data = await StreamBody(aiter(self)).read(limit)
            self.length = len(self.data)
        return self.data
