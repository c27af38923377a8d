"""Answers that stay true for a while.

In: ``Remembered``, a bounded memory. Not in: what is remembered (tokens, answers of authorizers).
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Generic, TypeVar

_V = TypeVar("_V")


class Remembered(Generic[_V]):
    """Values by key, each true from one moment to another; the least recently used leaves first.

    Moments are wall-clock seconds. A clock that jumps out of the time in which a value is true, to either side, makes
    it forgotten.

    Args: size: most values; 0 remembers nothing.
    """

    __slots__ = ("_entries", "size")

    def __init__(self, size: int) -> None:
        self.size = size
        self._entries: OrderedDict[bytes, tuple[float, float, _V]] = OrderedDict()

    def get(self, key: bytes, now_s: float) -> _V | None:
        """The value of *key* if it is true at *now_s*."""
        entry = self._entries.get(key)
        if entry is None:
            return None
        if entry[0] <= now_s < entry[1]:
            self._entries.move_to_end(key)
            return entry[2]
        del self._entries[key]
        return None

    def put(self, key: bytes, value: _V, from_s: float, until_s: float) -> None:
        """Remember *value*, true from *from_s* to just before *until_s*."""
        if self.size == 0 or until_s <= from_s:
            return
        self._entries[key] = (from_s, until_s, value)
        self._entries.move_to_end(key)
        if len(self._entries) > self.size:
            self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget everything."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<Remembered [{len(self._entries)} of {self.size}]>"
