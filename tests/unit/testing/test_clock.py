"""The rules of ``ManualClock``."""

from __future__ import annotations

import math

import pytest

from vizgate.clock import Clock
from vizgate.testing import ManualClock


def test_manual_clock_alone_stands_still() -> None:
    """Time passes only when the test says so."""
    clock: Clock = ManualClock(monotonic_s=5.0, wall_s=100.0)
    assert (clock.monotonic(), clock.monotonic(), clock.wall()) == (5.0, 5.0, 100.0)


def test_advance_moves_both_clocks() -> None:
    """The same time passes on the monotonic and on the wall clock."""
    clock = ManualClock(monotonic_s=0.0, wall_s=100.0)
    clock.advance(2.5)
    assert (clock.monotonic(), clock.wall()) == (2.5, 102.5)


def test_set_wall_leaves_monotonic() -> None:
    """A correction of the wall clock is not time that passed."""
    clock = ManualClock()
    clock.set_wall(7.0)
    assert (clock.monotonic(), clock.wall()) == (0.0, 7.0)


@pytest.mark.parametrize("seconds", [-0.1, math.nan, math.inf])
def test_advance_backwards_is_refused(seconds: float) -> None:
    """A monotonic clock cannot go back, nor to nowhere."""
    with pytest.raises(ValueError, match="cannot advance"):
        ManualClock().advance(seconds)


def test_repr_tells_both_times() -> None:
    """The repr tells what the clock says."""
    assert repr(ManualClock(1.0, 2.0)) == "<ManualClock [monotonic 1.0, wall 2.0]>"
