"""How many of the last calls failed, and how many were slow.

In: two windows, by time and by number of calls. Not in: what follows from it (``breaker.machine``).
"""

from __future__ import annotations

from typing import Protocol

#: What came of a call, as two bits.
GOOD, FAILED, SLOW = 0, 1, 2
_SLICES = 10


class Window(Protocol):
    """``total``, ``failed``, ``slow``: calls within it."""

    total: int
    failed: int
    slow: int

    def add(self, result: int, now_s: float) -> None:
        """Count a call. Args: result: ``FAILED`` and ``SLOW``, both or none. now_s: monotonic seconds."""
        ...

    def spoil(self, now_s: float) -> None:
        """A call that counted as good has turned out to be a failure after all."""
        ...

    def clear(self) -> None:
        """Forget everything."""
        ...


class TimeWindow:
    """The calls of the last *window_s* seconds; it moves in steps of a tenth. See ``Window``."""

    __slots__ = ("_at", "_failed", "_slice_s", "_slow", "_total", "failed", "slow", "total")

    def __init__(self, window_s: float) -> None:
        self._slice_s = window_s / _SLICES
        self.clear()

    def clear(self) -> None:
        """See ``Window``."""
        self._total = [0] * _SLICES
        self._failed = [0] * _SLICES
        self._slow = [0] * _SLICES
        self._at = 0
        self.total = self.failed = self.slow = 0

    def add(self, result: int, now_s: float) -> None:
        """See ``Window``."""
        at = int(now_s / self._slice_s)
        if at != self._at:
            self._move(at)
        place = self._at % _SLICES
        self._total[place] += 1
        self.total += 1
        if result:
            if result & FAILED:
                self._failed[place] += 1
                self.failed += 1
            if result & SLOW:
                self._slow[place] += 1
                self.slow += 1

    def spoil(self, now_s: float) -> None:
        """See ``Window``."""
        at = int(now_s / self._slice_s)
        if at != self._at:
            self._move(at)
        if self.failed < self.total:
            self._failed[self._at % _SLICES] += 1
            self.failed += 1

    def _move(self, to: int) -> None:
        for at in range(max(self._at + 1, to - _SLICES + 1), to + 1):
            place = at % _SLICES
            self.total -= self._total[place]
            self.failed -= self._failed[place]
            self.slow -= self._slow[place]
            self._total[place] = self._failed[place] = self._slow[place] = 0
        self._at = max(self._at, to)


class CountWindow:
    """The last *calls* calls, whenever they were. See ``Window``."""

    __slots__ = ("_next", "_results", "_size", "failed", "slow", "total")

    def __init__(self, calls: int) -> None:
        self._size = calls
        self.clear()

    def clear(self) -> None:
        """See ``Window``."""
        self._results = bytearray(self._size)
        self._next = 0
        self.total = self.failed = self.slow = 0

    def add(self, result: int, now_s: float) -> None:  # noqa: ARG002  # the same call for both kinds
        """See ``Window``."""
        at = self._next
        if self.total < self._size:
            self.total += 1
        else:
            last = self._results[at]
            self.failed -= last & FAILED
            self.slow -= last >> 1
        self._results[at] = result
        self.failed += result & FAILED
        self.slow += result >> 1
        self._next = at + 1 if at + 1 < self._size else 0

    def spoil(self, now_s: float) -> None:  # noqa: ARG002  # as above
        """See ``Window``. The last good one is taken for it."""
        for back in range(1, self.total + 1):
            at = (self._next - back) % self._size
            if not self._results[at] & FAILED:
                self._results[at] |= FAILED
                self.failed += 1
                return
