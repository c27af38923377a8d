"""Time and tokens as whole numbers, so that no rounding ever gives or takes a token.

In: ``Scale``, ``scale_of`` and ``window_ticks``. Not in: the rules that count with them (beside this).

A double holds whole numbers up to 2**53 exactly. A tick is a power of two of a second, so that a time in seconds
becomes ticks without rounding, and a time that a rule names is met to the tick. A token is as many units as make the
units that one tick brings back a whole number.

The times themselves are rounded before they come here: 0.6 s is no double, and a clock tells microseconds. A difference
of two times may be two ticks short for that, and no more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from vizgate.units import Rate

#: Bits of a second in a tick of the wall clock: about a microsecond. Its seconds in a double are known to a quarter of
#: that, so that a tick later is another time.
WALL_BITS = 20
#: The same for clocks that begin near zero, whose doubles are that fine for the first days.
SMALL_BITS = 32
#: The largest number that a rule starts from, so that sums of two stay exact.
MOST = 2.0**52


@dataclass(frozen=True, slots=True)
class Scale:
    """Whole numbers: *per_tick* units come back with each tick, and a token is *per_token* units."""

    per_tick: float
    per_token: float
    ticks_per_s: float

    @property
    def slack(self) -> float:
        """What two ticks bring back, but less than a token: so much may be missing because of rounded times."""
        return min(2 * self.per_tick, self.per_token - 1)


def scale_of(rate: Rate, most: int, bits: int = WALL_BITS) -> Scale:
    """The finest scale, of at most *bits* for a tick, in which *most* tokens at *rate* can be counted exactly.

    Raises: ValueError: there is none.
    """
    # Nanoseconds are what ``parse_rate`` can tell apart; the fraction undoes what a float made of them.
    period = Fraction(rate.period_s).limit_denominator(10**9)
    for exponent in range(bits, -1, -1):
        per_tick = Fraction(rate.count) / (period * 2**exponent)
        units = per_tick.denominator * most
        if units <= MOST and per_tick.numerator <= MOST:
            return Scale(float(per_tick.numerator), float(per_tick.denominator), float(2**exponent))
    raise ValueError(f"{most} at {rate} are too many to be counted exactly. Write a smaller count, or a shorter period")


def window_ticks(rate: Rate) -> tuple[float, float]:
    """The length of a window in ticks, and how many of them make a second.

    A period that is no whole number of ticks is rounded up: for *rate* never to be exceeded.

    Raises: ValueError: the windows of *rate* cannot be counted exactly.
    """
    period = Fraction(rate.period_s).limit_denominator(10**9)
    for exponent in range(WALL_BITS, -1, -1):
        ticks = math.ceil(period * 2**exponent)
        if ticks * rate.count <= MOST:
            return float(ticks), float(2**exponent)
    raise ValueError(f"{rate} is too much to be counted exactly. Write a smaller count, or a shorter period")
