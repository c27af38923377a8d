"""Limiters for any Python program: no gateway, no store, no event loop.

In: ``TokenBucket``, ``SlidingWindow``, ``FixedWindow``. Not in: the rules themselves (``limiter.programs``) and limits
that several processes share, which need a store.

::

    bucket = TokenBucket("100/minute", burst=20)
    decision = bucket.take("203.0.113.7")
    if not decision.allowed:
        print(f"again in {decision.retry_after_s} s")
"""

from __future__ import annotations

from collections.abc import Hashable
from math import inf, nextafter

from vizgate.clock import Clock, SystemClock
from vizgate.extension.store import NO_CELLS, Cells
from vizgate.limiter import rules
from vizgate.limiter.programs.scale import SMALL_BITS
from vizgate.limiter.rules import Rule
from vizgate.limiter.standalone.decision import Decision
from vizgate.units import Rate, parse_rate

_MAX_KEYS = 100_000


class _Limiter:
    """Numbers by key, the ones idle for longest first."""

    __slots__ = ("_at_once", "_cells", "_clock", "_max_keys", "_program", "_settings", "_text")

    def __init__(self, rule: Rule, max_keys: int, clock: Clock | None) -> None:
        if max_keys < 1:
            raise ValueError("max_keys must be at least 1")
        self._program = rule.program
        self._settings = rule.settings
        self._at_once = rule.at_once
        self._text = rule.text
        self._max_keys = max_keys
        self._clock: Clock = SystemClock() if clock is None else clock
        self._cells: dict[Hashable, Cells] = {}

    def take(self, key: Hashable, cost: int = 1, *, now_s: float | None = None) -> Decision:
        """Decide whether *key* may spend *cost* now, and spend it if so.

        Args: cost: 0 asks and spends nothing. now_s: seconds on any one clock; default the clock's own. A time before
        the last one gives nothing back.
        Raises: ValueError: *cost* is negative, or more than could ever pass.
        """
        if not 0 <= cost <= self._at_once:
            raise ValueError(f"a cost must be from 0 to {self._at_once}, not {cost}")
        cells = self._cells.pop(key, NO_CELLS)
        now_s = self._clock.monotonic() if now_s is None else now_s
        step = self._program.run(cells, now_s, (float(cost), 0.0, *self._settings))
        if step.cells:
            self._cells[key] = step.cells  # at the end: the one used last
            if len(self._cells) > self._max_keys:
                del self._cells[next(iter(self._cells))]
        passed, left, retry_s, reset_s = step.result
        return Decision(passed > 0, _rounded_up(now_s, retry_s), int(left), reset_s)

    def forget(self, key: Hashable) -> None:
        """Take *key* as one that was never seen."""
        self._cells.pop(key, None)

    def __len__(self) -> int:
        return len(self._cells)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._text} [{len(self)} keys]>"


def _rounded_up(now_s: float, wait_s: float) -> float:
    """*wait_s*, or a little more where the sum with *now_s* would be rounded down, and the wait be too short."""
    end_s = now_s + wait_s
    return wait_s if end_s - now_s >= wait_s else nextafter(end_s, inf) - now_s


def _rate(rate: Rate | str) -> Rate:
    return parse_rate(rate) if isinstance(rate, str) else rate


class TokenBucket(_Limiter):
    """*rate* steadily, and up to *burst* at once: never more than ``burst + rate * time`` over any time.

    Args: rate: such as ``"100/minute"``. burst: default the rate's count. max_keys: keys that are kept; beyond them the
    one idle for longest is forgotten, and starts with a full bucket. clock: asked when ``take`` is not told the time.
    Raises: UnitError, ValueError: *rate* cannot be read, or its numbers are too large to be counted exactly.
    Source: token bucket, RFC 2697 3.
    """

    __slots__ = ()

    def __init__(
        self, rate: Rate | str, burst: int | None = None, *, max_keys: int = _MAX_KEYS, clock: Clock | None = None
    ) -> None:
        if burst is not None and burst < 1:
            raise ValueError("burst must be at least 1")
        super().__init__(rules.token_bucket(_rate(rate), burst, SMALL_BITS), max_keys, clock)


class SlidingWindow(_Limiter):
    """*rate* in the last period at any time, by two counters: the window before counts in proportion to its overlap.

    Args: see ``TokenBucket``.
    """

    __slots__ = ()

    def __init__(self, rate: Rate | str, *, max_keys: int = _MAX_KEYS, clock: Clock | None = None) -> None:
        super().__init__(rules.sliding_window(_rate(rate)), max_keys, clock)


class FixedWindow(_Limiter):
    """*rate* in each period of the clock; two periods side by side may see twice as much in a short time.

    Args: see ``TokenBucket``.
    """

    __slots__ = ()

    def __init__(self, rate: Rate | str, *, max_keys: int = _MAX_KEYS, clock: Clock | None = None) -> None:
        super().__init__(rules.fixed_window(_rate(rate)), max_keys, clock)
