"""The states of a circuit breaker, and what leads from one to another.

In: ``BreakerMachine``, pure: time and chance are arguments. Not in: what counts as a failure (``breaker.outcome``) and
whom it stands before (``breaker.gate``, ``breaker.circuit_breaker``).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from random import Random

from vizgate.breaker.window import FAILED, CountWindow, TimeWindow, Window


class State(Enum):
    """What a breaker does with calls: lets them through, lets none through, or tries a few."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


class Signal(Enum):
    """What moves it."""

    TRIPPED = "tripped"
    COOLED = "cooled"
    RECOVERED = "recovered"
    FAILED = "failed"


#: The machine. What is not in it does not happen; an operator's word (``force``) stands above it.
NEXT = {
    (State.CLOSED, Signal.TRIPPED): State.OPEN,
    (State.OPEN, Signal.COOLED): State.HALF_OPEN,
    (State.HALF_OPEN, Signal.RECOVERED): State.CLOSED,
    (State.HALF_OPEN, Signal.FAILED): State.OPEN,
}

# Looked at for each call; to have a member of its enumeration found costs as much as the comparison.
_CLOSED = State.CLOSED

#: Up to this share longer than ``open_for_s`` it stays open, so that many breakers do not try at the same moment.
JITTER = 0.1


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When it opens, and how it closes again.

    ``failure_rate``, ``slow_rate``: shares of the calls in the window, of which there must be ``minimum_requests``.
    ``window_s``: how far back calls count; with ``window_requests`` over 0 it is the last so many instead.
    """

    failure_rate: float = 0.5
    slow_rate: float = 1.0
    minimum_requests: int = 20
    window_s: float = 30.0
    window_requests: int = 0
    open_for_s: float = 30.0
    half_open_requests: int = 3

    def window(self) -> Window:
        """An empty one."""
        return CountWindow(self.window_requests) if self.window_requests else TimeWindow(self.window_s)


#: Called after each change with the machine and the state it was in.
Changed = Callable[["BreakerMachine", State], None]


class BreakerMachine:
    """One breaker. Whoever is admitted has a permit and reports with it, once: ``record`` or ``give_back``.

    A permit belongs to the period it was given in: what was begun before the breaker opened says nothing about the
    trials after it.

    ``changed``: who is told about each change of ``state``, and when an operator gives it back. ``until_s``: when it is
    to be tried, while it is open.
    """

    __slots__ = ("_begun", "_ended", "_forced", "_random", "_slow", "_window", "changed", "period", "settings",
                 "state", "until_s")  # fmt: skip

    def __init__(self, settings: BreakerSettings, random: Random) -> None:
        self.settings = settings
        self.state = State.CLOSED
        self.until_s = 0.0
        self.changed: list[Changed] = []
        self._random = random
        self._window = settings.window()
        #: What a permit given now is.
        self.period = 0
        self._forced: State | None = None
        self._begun = 0
        self._ended = 0
        self._slow = 0

    def admit(self, now_s: float) -> int | None:
        """A permit for a call, None for no."""
        if self.state is _CLOSED:
            return self.period
        self.wake(now_s)
        if self.state is State.HALF_OPEN and self._begun < self.settings.half_open_requests:
            self._begun += 1
            return self.period
        return None

    @property
    def is_full(self) -> bool:
        """Whether ``admit`` would say no, as long as no time passes."""
        return self.state is State.OPEN or (
            self.state is State.HALF_OPEN and self._begun >= self.settings.half_open_requests
        )

    def wake(self, now_s: float) -> None:
        """Let it be tried if it is time: after ``open_for_s``, or when trials have not ended for as long again."""
        if self._forced is not None or self.state is _CLOSED or now_s < self.until_s:
            return
        if self.state is State.OPEN:
            self._signal(Signal.COOLED, now_s)
        else:
            self._begin_trials(now_s)

    def record(self, permit: int, result: int, now_s: float) -> None:
        """Count a call that has ended. Args: result: see ``breaker.window``."""
        if permit != self.period:
            return
        if self.state is _CLOSED:
            window = self._window
            window.add(result, now_s)
            if result and self._forced is None and self._is_too_bad(window):
                self._signal(Signal.TRIPPED, now_s)
        elif self.state is State.HALF_OPEN:
            self._judge(result, now_s)

    def spoil(self, permit: int, now_s: float) -> None:
        """A call that was recorded as good has failed after all, at *now_s*: its answer broke off.

        While it is closed that counts whenever the call began: it says how the other side is now.
        """
        if self.state is _CLOSED:
            self._window.spoil(now_s)
            if self._forced is None and self._is_too_bad(self._window):
                self._signal(Signal.TRIPPED, now_s)
        elif self.state is State.HALF_OPEN and permit == self.period:
            self._signal(Signal.FAILED, now_s)

    def give_back(self, permit: int) -> None:
        """The call has ended without saying anything: its permit may be used by another one."""
        if permit == self.period and self.state is State.HALF_OPEN:
            self._begun -= 1

    def force(self, state: State | None, now_s: float) -> None:
        """Keep it in *state*, open or closed, until told otherwise; None gives it back to its rules.

        Raises: ValueError: half open is no state to be kept in.
        """
        if state is State.HALF_OPEN:
            raise ValueError("a breaker can be forced open or closed")
        self._forced = state
        if state is not None and state is not self.state:
            self._enter(state, now_s)
        elif state is None and self.state is State.OPEN:
            self.until_s = now_s  # whoever lifts it wants it tried now
            self._tell(self.state)

    @property
    def is_forced(self) -> bool:
        """Whether an operator has the word."""
        return self._forced is not None

    def adopt(self, settings: BreakerSettings) -> None:
        """Go on by other *settings*, in the state it is in; the window begins anew."""
        if settings != self.settings:
            self.settings = settings
            self._window = settings.window()

    def _is_too_bad(self, window: Window) -> bool:
        settings, total = self.settings, window.total
        if total < settings.minimum_requests:
            return False
        return (window.failed > 0 and window.failed >= settings.failure_rate * total) or (
            window.slow > 0 and window.slow >= settings.slow_rate * total
        )

    def _judge(self, result: int, now_s: float) -> None:
        """A trial has ended: one failure opens it, slow ones do by their share, as when it is closed."""
        if result & FAILED:
            self._signal(Signal.FAILED, now_s)
            return
        trials = self.settings.half_open_requests
        self._ended += 1
        self._slow += result >> 1
        if self._ended >= trials:
            is_slow = self._slow > 0 and self._slow >= self.settings.slow_rate * trials
            self._signal(Signal.FAILED if is_slow else Signal.RECOVERED, now_s)

    def _signal(self, signal: Signal, now_s: float) -> None:
        self._enter(NEXT[self.state, signal], now_s)

    def _enter(self, state: State, now_s: float) -> None:
        before, self.state = self.state, state
        self.period += 1
        self._window.clear()
        if state is State.OPEN:
            self.until_s = now_s + self.settings.open_for_s * (1.0 + JITTER * self._random.random())
        elif state is State.HALF_OPEN:
            self._begin_trials(now_s)
        self._tell(before)

    def _tell(self, before: State) -> None:
        for changed in self.changed:
            changed(self, before)

    def _begin_trials(self, now_s: float) -> None:
        # A period of its own: trials that hang must not keep it half open for ever, nor speak when they end at last.
        self.period += 1
        self._begun = self._ended = self._slow = 0
        self.until_s = now_s + self.settings.open_for_s

    def __repr__(self) -> str:
        window = self._window
        return f"<BreakerMachine {self.state.value} [{window.failed} failed, {window.slow} slow of {window.total}]>"
