"""The only place that reads the time.

In: the ``Clock`` protocol and the system's clock. Not in: timers (``transport.deadlines``) and the manual clock of
the test kit (``vizgate.testing``).
"""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Where time comes from, so that a test can bring its own."""

    def monotonic(self) -> float:
        """Seconds since an arbitrary start; never goes back."""
        ...

    def wall(self) -> float:
        """Seconds since the Unix epoch; may jump."""
        ...


class SystemClock:
    """The machine's clock."""

    __slots__ = ()

    monotonic = staticmethod(time.monotonic)
    wall = staticmethod(time.time)
