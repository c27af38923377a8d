"""Stored data that is being sent.

In: ``HeldBody``. Not in: what is held against which budget (``storage.storage``).
"""

from __future__ import annotations

from collections.abc import AsyncIterator

from vizgate.cache.storage.stored import StoredResponse
from vizgate.pipeline.body import BytesBody


class HeldBody(BytesBody):
    """The data of *stored*, which counts as held while somebody is sent it in pieces.

    A client that reads slowly holds it, whatever becomes of it in the cache meanwhile.
    """

    __slots__ = ("_stored",)

    def __init__(self, stored: StoredResponse) -> None:
        super().__init__(stored.data)
        self._stored = stored

    async def __aiter__(self) -> AsyncIterator[bytes]:
        stored = self._stored
        stored.readers += 1
        try:
            yield stored.data
        finally:
            stored.let_go()
