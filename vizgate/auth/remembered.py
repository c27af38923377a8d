"""Answers that stay true for a while.

In: ``Remembered``, a bounded memory, and ``Learned``, those of one authenticator. Not in: what is remembered (tokens,
answers of authorizers).
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from functools import partial
from typing import Any, Generic, TypeVar

from vizgate.extension.contract import Context

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


class Learned:
    """What an authenticator by *config* has learned, good and bad; it is found again after a reload that leaves its
    settings as they are. ``key``: to hash with, where what is remembered must not be tried against guesses elsewhere.
    """

    def __init__(self, config: object, size: int) -> None:
        self._config = config
        self.good: Remembered[Any] = Remembered(size)
        # Apart, so that guesses do not push out what is known of who is let in.
        self.bad: Remembered[str] = Remembered(size)
        self.key = secrets.token_bytes(32)

    @classmethod
    def of(cls, config: object, context: Context, size: int) -> Learned:
        """What the authenticator in *context* has learned, if it was by the same *config*; else nothing yet."""
        return context.kept.get(cls, context.name, partial(cls, config, size), lambda kept: kept._config == config)  # noqa: SLF001  # of this very class

    def clear(self) -> None:
        """Forget everything."""
        self.good.clear()
        self.bad.clear()

    def __repr__(self) -> str:
        return f"<Learned [{len(self.good)} good, {len(self.bad)} bad]>"
