"""What of an attempt counts as a failure, and what says nothing.

In: ``OutcomeRule``, a pure decision. Not in: what follows from it (``breaker.machine``).
"""

from __future__ import annotations

from dataclasses import dataclass

from vizgate.breaker.window import FAILED, GOOD, SLOW
from vizgate.errors import Termination

#: How the YAML calls the ways in which an attempt ends without an answer.
FAILURES = {
    "connect_failure": Termination.CONNECT_FAILURE,
    "reset": Termination.UPSTREAM_RESET,
    "timeout": Termination.UPSTREAM_TIMEOUT,
    "invalid": Termination.UPSTREAM_INVALID,
}
SERVER_ERRORS = frozenset(range(500, 600))


@dataclass(frozen=True, slots=True)
class OutcomeRule:
    """``statuses``, ``failures``: what counts as a failure. ``slow_s``: what takes longer is slow, 0 for nothing."""

    statuses: frozenset[int] = SERVER_ERRORS
    failures: frozenset[Termination] = frozenset(FAILURES.values())
    slow_s: float = 0.0

    def result(self, status: int, termination: Termination | None, elapsed_s: float) -> int | None:
        """``GOOD``, or ``FAILED`` and ``SLOW``; None for what says nothing about the target: a client that went away,
        or an end that is not named.

        Args: status: of the answer, 0 without one. termination: how it ended without one.
        """
        slow = SLOW if self.slow_s and elapsed_s > self.slow_s else GOOD
        if status:
            return slow | FAILED if status in self.statuses else slow
        return slow | FAILED if termination in self.failures else None
