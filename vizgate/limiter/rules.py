"""What the words of a limit mean: a program, its settings, and what clients are told about them.

In: ``Rule`` and one function for each algorithm. Not in: counting (``limiter.programs``) and whom it counts
(``limiter.keys``).
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Final, Literal

from vizgate.extension.store import Cells, Program
from vizgate.limiter.programs.concurrency import ConcurrencyProgram, place_settings
from vizgate.limiter.programs.fixed_window import FixedWindowProgram, window_settings
from vizgate.limiter.programs.quota import QuotaProgram, quota_settings
from vizgate.limiter.programs.scale import WALL_BITS
from vizgate.limiter.programs.sliding_window import SlidingWindowProgram
from vizgate.limiter.programs.token_bucket import TokenBucketProgram, bucket_settings
from vizgate.units import Rate

TOKEN_BUCKET: Final[Program] = TokenBucketProgram()
FIXED_WINDOW: Final[Program] = FixedWindowProgram()
SLIDING_WINDOW: Final[Program] = SlidingWindowProgram()
QUOTA: Final[Program] = QuotaProgram()
CONCURRENCY: Final[Program] = ConcurrencyProgram()

_DAY_S = 86_400


@dataclass(frozen=True, slots=True)
class Rule:
    """One way of counting, ready to run.

    ``settings``: the last arguments of *program*. ``text``: the rule for people. ``most``: how much in ``window_s``
    seconds, 0 where there is no such window. ``at_once``: the largest cost that can ever pass. ``meaning``: what the
    kept numbers mean; rules that differ in it must not read each other's.
    """

    program: Program
    settings: Cells
    text: str
    most: int
    window_s: int
    at_once: int
    meaning: str
    #: What is counted, in the words of draft-ietf-httpapi-ratelimit-headers.
    unit: str = "requests"


def token_bucket(rate: Rate, burst: int | None = None, bits: int = WALL_BITS) -> Rule:
    """*rate*, and *burst* at once (default: the whole count).

    Args: bits: see ``scale_of``. Raises: ValueError: too many to be counted exactly.
    """
    at_once = rate.count if burst is None else burst
    settings = bucket_settings(rate, at_once, bits)
    text = f"{rate}" if burst is None else f"{rate}, {burst} at once"
    per_tick, per_token, *_, per_s = settings
    return Rule(TOKEN_BUCKET, settings, text, *_whole(rate), at_once, f"b{per_tick:.0f}/{per_token:.0f}/{per_s:.0f}")


def fixed_window(rate: Rate) -> Rule:
    """*rate* in each period of the clock. Raises: ValueError: too many to be counted exactly."""
    return _window(FIXED_WINDOW, rate, "f")


def sliding_window(rate: Rate) -> Rule:
    """*rate* in the last period, at any time. Raises: ValueError: too many to be counted exactly."""
    return _window(SLIDING_WINDOW, rate, "s")


def _window(program: Program, rate: Rate, letter: str) -> Rule:
    settings = window_settings(rate)
    _, period, _, per_s = settings
    return Rule(program, settings, f"{rate}", *_whole(rate), rate.count, f"{letter}{period:.0f}/{per_s:.0f}")


def quota(count: int, per: Literal["day", "month"]) -> Rule:
    """*count* in each day or month of the calendar (UTC)."""
    # A month has no length of its own that could be told.
    window_s = _DAY_S if per == "day" else 0
    return Rule(QUOTA, quota_settings(count, per), f"{count} a {per}", count, window_s, count, f"q{per}")


def concurrency(in_flight: int, lease_s: float) -> Rule:
    """*in_flight* at a time, each for *lease_s* unless renewed."""
    settings = place_settings(in_flight, lease_s)
    return Rule(
        CONCURRENCY, settings, f"{in_flight} at a time", in_flight, 0, 1, f"c{lease_s!r}", "concurrent-requests"
    )


def _whole(rate: Rate) -> tuple[int, int]:
    """*rate* as a count in whole seconds."""
    period = Fraction(rate.period_s).limit_denominator(10**9)
    return rate.count * period.denominator, period.numerator
