"""The rules of the system's clock."""

from __future__ import annotations

import time

from vizgate.clock import Clock, SystemClock


def test_system_clock_is_a_clock_that_never_goes_back() -> None:
    """``monotonic`` never goes back; ``wall`` is the time since the Unix epoch."""
    clock: Clock = SystemClock()
    readings = [clock.monotonic() for _ in range(100)]
    assert readings == sorted(readings)
    assert abs(clock.wall() - time.time()) < 5
