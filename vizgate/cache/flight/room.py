"""The place that a body takes up while it is on its way.

In: ``Room``. Not in: what is stored (``storage.storage``), whose budget it is.
"""

from __future__ import annotations

from vizgate.cache.storage.storage import Storage


class Room:
    """Part of the budget of *storage*, taken as the bytes come and given back at the end."""

    __slots__ = ("_storage", "_taken")

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._taken = 0

    def take(self, size: int) -> bool:
        """Whether *size* bytes more may be held."""
        if not self._storage.reserve(size):
            return False
        self._taken += size
        return True

    def leave(self) -> None:
        """Give everything back; may be called again."""
        taken, self._taken = self._taken, 0
        self._storage.release(taken)

    def __repr__(self) -> str:
        return f"<Room [{self._taken} bytes]>"
