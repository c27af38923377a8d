"""When traffic shows that a target is to be left out for a while.

In: ``EjectionRule`` and ``TrafficRecord``, what is remembered of one target. Not in: leaving it out
(``health.passive``).

Source: the outlier detection of Envoy, whose counters of failures in a row and of failures of local origin, growth of
the time and least number of ejections are the model.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final

from vizgate.health.window import FailureWindow

#: A target that fails again and again is left out for so many times ``eject_for_s`` at most.
MOST_TIMES: Final = 10

#: Why a target is left out, values of a label.
FAILURES: Final = "failures"
LOCAL_FAILURES: Final = "local_failures"
FAILURE_RATE: Final = "failure_rate"


@dataclass(frozen=True, slots=True)
class EjectionRule:
    """When a target is left out, and for how long.

    ``failures``: answers with 5xx one after the other, within ``window_s``. ``local_failures``: the same of attempts
    without an answer (no connection, reset, timeout), counted apart. 0 does not look at them. ``failure_rate``: the
    share of both kinds within the window, None does not look at it; fewer than ``minimum_requests`` say nothing.
    ``eject_for_s``: the first time; the second in a row is twice as long, and so on, ten times at most.
    ``max_ejected``: the largest share of a service's targets that may be out.
    """

    failures: int = 5
    local_failures: int = 5
    failure_rate: float | None = None
    minimum_requests: int = 20
    window_s: float = 30.0
    eject_for_s: float = 30.0
    max_ejected: float = 0.5

    def has_room(self, targets: int, ejected: int) -> bool:
        """Whether one more of *targets* may be left out when *ejected* are already.

        One of two or more always may, as long as ``max_ejected`` is not 0: a share of three that rounds to none would
        turn the rule off without a word.
        """
        # 0.29 * 100 is a little below 29.
        most = int(self.max_ejected * targets + 1e-9)
        if self.max_ejected and targets > 1:
            most = max(1, most)
        return ejected < most


class TrafficRecord:
    """What traffic has shown of one target. Moments are monotonic seconds, and do not go back.

    ``times``: ejections in a row; they are forgotten one by one, each after it has been back for ``eject_for_s``.
    """

    __slots__ = ("_back_at_s", "_failures", "_local", "_rule", "_window", "times")

    def __init__(self, rule: EjectionRule) -> None:
        self.times = 0
        self._back_at_s = 0.0
        self.adopt(rule)

    def adopt(self, rule: EjectionRule) -> None:
        """Go on by *rule*; what was counted is forgotten, how often it was left out is not."""
        self._rule = rule
        self._failures: deque[float] = deque(maxlen=max(1, rule.failures))
        self._local: deque[float] = deque(maxlen=max(1, rule.local_failures))
        self._window = FailureWindow(rule.window_s) if rule.failure_rate is not None else None

    @property
    def has_local_failures(self) -> bool:
        """Whether the attempts before were without an answer."""
        return bool(self._local)

    def answered(self, now_s: float) -> None:
        """It has answered, and well."""
        if self._failures:
            self._failures.clear()
        if self._window is not None:
            self._window.add(now_s, failed=False)

    def proved(self) -> None:
        """An answer of it came whole: attempts without one are no longer in a row."""
        self._local.clear()

    def failed(self, now_s: float, *, local: bool, counts_anew: bool = True) -> str:
        """It has answered badly, or (*local*) not at all; a reason to leave it out, "" for none.

        Args: counts_anew: false where the same attempt was counted as ``answered`` before.
        """
        rule, times, most = self._rule, self._failures, self._rule.failures
        if local:
            times, most = self._local, rule.local_failures
        else:
            self._local.clear()
        times.append(now_s)
        if self._window is not None:
            self._window.add(now_s, failed=True, counts_anew=counts_anew)
        # It keeps the last so many, and a good answer empties it: when it is full, so many came in a row.
        if most and len(times) == most and now_s - times[0] <= rule.window_s:
            return LOCAL_FAILURES if local else FAILURES
        return FAILURE_RATE if self._is_rate_bad() else ""

    def _is_rate_bad(self) -> bool:
        rate, window = self._rule.failure_rate, self._window
        if rate is None or window is None or not window.failed:
            return False
        return window.total >= self._rule.minimum_requests and window.failed >= rate * window.total

    def eject(self, now_s: float) -> float:
        """Count an ejection; until when it lasts."""
        rule = self._rule
        forgiven = int((now_s - self._back_at_s) / rule.eject_for_s) if self.times else 0
        self.times = min(max(0, self.times - forgiven) + 1, MOST_TIMES)
        self._back_at_s = now_s + self.times * rule.eject_for_s
        self._failures.clear()
        self._local.clear()
        if self._window is not None:
            self._window = FailureWindow(rule.window_s)
        return self._back_at_s

    def __repr__(self) -> str:
        return f"<TrafficRecord [failures: {len(self._failures)} | local: {len(self._local)} | ejected: {self.times}]>"
