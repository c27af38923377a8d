"""How many of the last attempts failed.

In: ``FailureWindow``. Not in: what follows from it (``health.ejection``).
"""

from __future__ import annotations


class FailureWindow:
    """The attempts of the last *window_s* seconds at most, and of half of them at least: it moves by halves.

    Two numbers for each half are enough to tell a target that fails from one that does not, and cost one comparison.

    ``total``, ``failed``: attempts within it.
    """

    __slots__ = ("_at", "_failed_now", "_half_s", "_total_now", "failed", "total")

    def __init__(self, window_s: float) -> None:
        self._half_s = window_s / 2
        self._at = 0
        self._total_now = self._failed_now = 0
        self.total = self.failed = 0

    def add(self, now_s: float, *, failed: bool, counts_anew: bool = True) -> None:
        """Count an attempt. Args: counts_anew: false where it was counted before, and has failed since."""
        at = int(now_s / self._half_s)
        if at != self._at:
            self._move(at)
        if counts_anew:
            self._total_now += 1
            self.total += 1
        if failed:
            self._failed_now += 1
            self.failed += 1

    def _move(self, to: int) -> None:
        is_next = to == self._at + 1
        self.total = self._total_now if is_next else 0
        self.failed = self._failed_now if is_next else 0
        self._total_now = self._failed_now = 0
        self._at = to

    def __repr__(self) -> str:
        return f"<FailureWindow [{self.failed} of {self.total} failed]>"
