"""A circuit breaker for any program.

In: ``CircuitBreaker``: around a block, sync or async, from any thread. Not in: the machine (``breaker.machine``) and
the breakers of services (``breaker.gate``).

::

    breaker = CircuitBreaker(BreakerSettings(failure_rate=0.5, open_for_s=10.0), name="billing")

    async with breaker:  # raises CircuitOpen while it is open
        answer = await ask_billing()
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextvars import ContextVar
from random import Random
from types import TracebackType
from typing import ParamSpec, Protocol, Self, TypeVar

from vizgate.breaker.machine import BreakerMachine, BreakerSettings, State
from vizgate.breaker.window import FAILED, GOOD, SLOW
from vizgate.clock import Clock, SystemClock
from vizgate.errors import CircuitOpen

_P = ParamSpec("_P")
_T = TypeVar("_T")


class BreakerListener(Protocol):
    """Looks on. It is called with no lock held, in the thread of the call."""

    def changed(self, breaker: CircuitBreaker, before: State) -> None:
        """It is in another state than *before*."""
        ...

    def called(self, breaker: CircuitBreaker, error: BaseException | None) -> None:
        """A call has ended, with *error* if it failed. Those that say nothing are not told of."""
        ...


class CircuitBreaker:
    """Stands before calls that may fail; see ``BreakerSettings`` for when it opens and closes.

    Use it with ``with``, ``async with`` or ``call``. A block that raises one of *failures* has failed; what else it
    raises says nothing (a cancelled task, a keyboard interrupt, what *ignored* names), and its permit is given back.

    Args: slow_s: a call that takes longer is slow, 0 for none. listeners: who is told.
    Raises: CircuitOpen: on entering, while nothing is let through; ``retry_after_s`` says when to try again.
    """

    def __init__(  # noqa: PLR0913  # all but the first are named, and few programs give more than two
        self,
        settings: BreakerSettings | None = None,
        *,
        name: str = "",
        slow_s: float = 0.0,
        failures: tuple[type[BaseException], ...] = (Exception,),
        ignored: tuple[type[BaseException], ...] = (),
        listeners: tuple[BreakerListener, ...] = (),
        clock: Clock | None = None,
        random: Random | None = None,
    ) -> None:
        self.name = name
        self._clock: Clock = SystemClock() if clock is None else clock
        self._slow_s = slow_s
        self._failures = failures
        self._ignored = ignored
        self._listeners = listeners
        self._lock = threading.Lock()
        self._machine = BreakerMachine(settings or BreakerSettings(), random or Random())  # noqa: S311  # jitter
        self._machine.changed.append(self._note)
        self._changes: list[State] = []

    @property
    def state(self) -> State:
        """What it does with a call now."""
        with self._lock:
            self._machine.wake(self._clock.monotonic())
            state = self._machine.state
        self._tell()
        return state

    def force(self, state: State | None) -> None:
        """Keep it open or closed until told otherwise; None gives it back to its rules."""
        with self._lock:
            self._machine.force(state, self._clock.monotonic())
        self._tell()

    def call(self, function: Callable[_P, _T], *args: _P.args, **kwargs: _P.kwargs) -> _T:
        """What *function* gives back. Raises: CircuitOpen, and what it raises."""
        with self:
            return function(*args, **kwargs)

    def __enter__(self) -> Self:
        now_s = self._clock.monotonic()
        with self._lock:
            permit = self._machine.admit(now_s)
            until_s = self._machine.until_s
        self._tell()
        if permit is None:
            raise CircuitOpen(f"the circuit breaker {self.name} is open", max(1, math.ceil(until_s - now_s)))
        _running.set((*_running.get(), (self, permit, now_s)))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        permit, started_s = self._take()
        now_s = self._clock.monotonic()
        failed = error is not None and isinstance(error, self._failures) and not isinstance(error, self._ignored)
        with self._lock:
            if error is not None and not failed:
                self._machine.give_back(permit)
                return
            slow = SLOW if self._slow_s and now_s - started_s > self._slow_s else GOOD
            self._machine.record(permit, slow | FAILED if failed else slow, now_s)
        self._tell()
        for listener in self._listeners:
            listener.called(self, error)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def _take(self) -> tuple[int, float]:
        """Permit and start of the innermost block of this breaker in this task or thread."""
        running = _running.get()
        at = max(number for number, (breaker, _, _) in enumerate(running) if breaker is self)
        _, permit, started_s = running[at]
        _running.set(running[:at] + running[at + 1 :])
        return permit, started_s

    def _note(self, machine: BreakerMachine, before: State) -> None:
        if machine.state is not before:
            self._changes.append(before)

    def _tell(self) -> None:
        """Tell of the changes so far, outside of the lock: a listener may ask the breaker something."""
        if not self._changes:
            return
        with self._lock:
            changes, self._changes = self._changes, []
        for before in changes:
            for listener in self._listeners:
                listener.changed(self, before)

    def __repr__(self) -> str:
        return f"<CircuitBreaker {self.name!r} {self._machine!r}>"


# The blocks that are entered in this task or thread: one breaker may stand around many at once.
_running: ContextVar[tuple[tuple[CircuitBreaker, int, float], ...]] = ContextVar("_running", default=())
