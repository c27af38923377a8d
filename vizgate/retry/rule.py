"""Which attempts are worth another one, and how long to wait before it.

In: ``RetryRule``, a pure decision. Not in: the budget (``retry.budget``) and where the next attempt goes
(``pipeline.service``).
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from vizgate.errors import Termination

#: How the YAML calls the ways in which an attempt ends without an answer.
FAILURES = {
    "connect_failure": Termination.CONNECT_FAILURE,
    "reset": Termination.UPSTREAM_RESET,
    "timeout": Termination.UPSTREAM_TIMEOUT,
    "invalid": Termination.UPSTREAM_INVALID,
}


@dataclass(frozen=True, slots=True)
class RetryRule:
    """When a request is tried again.

    ``attempts``: the most there are, the first included. ``statuses``, ``failures``: what is tried again. ``methods``:
    what may be sent twice. ``retry_after_s``: the longest ``Retry-After`` that is waited for.
    """

    attempts: int = 2
    statuses: frozenset[int] = frozenset({502, 503, 504})
    failures: frozenset[Termination] = frozenset(
        {Termination.CONNECT_FAILURE, Termination.UPSTREAM_RESET, Termination.UPSTREAM_INVALID}
    )
    methods: frozenset[str] = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE"})
    backoff_s: float = 0.025
    max_backoff_s: float = 1.0
    retry_after_s: float = 3.0

    def is_worth(self, number: int, status: int, termination: Termination | None) -> bool:
        """Whether there is to be another attempt after the one called *number*, as far as its outcome goes.

        Args: status: of its answer, 0 without one. termination: how it ended without one.
        """
        if number >= self.attempts:
            return False
        return status in self.statuses if status else termination in self.failures

    def is_safe(self, method: str, *, nothing_sent: bool, has_body: bool) -> bool:
        """Whether sending the request again can do no harm.

        Args: has_body: whether its whole body is here to be sent again.
        Source: RFC 9110 9.2.2: "A proxy MUST NOT automatically retry non-idempotent requests".
        """
        return nothing_sent or (method in self.methods and has_body)

    def backoff(self, number: int, random: Random) -> float:
        """Seconds to wait after the attempt called *number*.

        Source: full jitter, of "Exponential Backoff And Jitter" (AWS Architecture Blog, 2015).
        """
        # 2 ** 30 is past any bound; a float cannot hold what ten thousand attempts would ask for.
        return random.uniform(0.0, min(self.max_backoff_s, self.backoff_s * 2.0 ** min(number - 1, 30)))
