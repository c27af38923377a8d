"""A clock that a test sets.

In: ``ManualClock``. Not in: timers; what is tested with this clock asks it for the time.
"""

from __future__ import annotations

import math


class ManualClock:
    """Stands still until ``advance``; meets ``vizgate.clock.Clock``.

    Args: monotonic_s: what ``monotonic`` says first. wall_s: what ``wall`` says first; default 2026-01-01T00:00:00Z.
    """

    __slots__ = ("_monotonic_s", "_wall_s")

    def __init__(self, monotonic_s: float = 0.0, wall_s: float = 1_767_225_600.0) -> None:
        self._monotonic_s = monotonic_s
        self._wall_s = wall_s

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        return self._monotonic_s

    def wall(self) -> float:
        """Seconds since the Unix epoch."""
        return self._wall_s

    def advance(self, seconds: float) -> None:
        """Let *seconds* pass on both clocks at once.

        Raises: ValueError: *seconds* is negative or not finite; a monotonic clock cannot do that.
        """
        if not math.isfinite(seconds) or seconds < 0:
            raise ValueError(f"a clock cannot advance by {seconds} seconds")
        self._monotonic_s += seconds
        self._wall_s += seconds

    def set_wall(self, wall_s: float) -> None:
        """Jump the wall clock alone, as a correction by NTP does."""
        self._wall_s = wall_s

    def __repr__(self) -> str:
        return f"<ManualClock [monotonic {self._monotonic_s}, wall {self._wall_s}]>"
