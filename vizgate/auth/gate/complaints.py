"""What goes wrong with an authenticator, told to the log without flooding it.

In: ``Complaints``. Not in: what the client is told (``auth.gate.refusal``).
"""

from __future__ import annotations

import logging

from vizgate.clock import Clock

_log = logging.getLogger("vizgate.auth")

#: Every request may fail while a provider is away; one line in this many seconds tells it as well.
PAUSE_S = 10.0


class Complaints:
    """At most one line in ``PAUSE_S`` seconds about the authenticator *name*; the others are counted."""

    __slots__ = ("_clock", "_name", "_next_s", "_unsaid")

    def __init__(self, name: str, clock: Clock) -> None:
        self._name = name
        self._clock = clock
        self._next_s = float("-inf")
        self._unsaid = 0

    def tell(self, error: Exception, *, is_fault: bool) -> None:
        """Tell of *error*. Args: is_fault: it is the program's own, so that its traceback is wanted."""
        now_s = self._clock.monotonic()
        if now_s < self._next_s:
            self._unsaid += 1
            return
        more = f" (and {self._unsaid} times before)" if self._unsaid else ""
        self._next_s, self._unsaid = now_s + PAUSE_S, 0
        if is_fault:
            _log.error("authenticator %s failed%s", self._name, more, exc_info=error)
        else:
            _log.warning("authenticator %s is not available: %s%s", self._name, error, more)

    def __repr__(self) -> str:
        return f"<Complaints {self._name} [{self._unsaid} unsaid]>"
