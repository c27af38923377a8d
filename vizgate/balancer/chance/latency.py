"""How long a target takes, as a moving average that believes bad news at once.

In: the rule (``observed``, ``decayed``), and ``LatencyWatcher``, which keeps it up. Not in: choosing by it
(``balancer.chance.peak_ewma``).

Source: Peak EWMA of Twitter's Finagle (``com.twitter.finagle.loadbalancer.PeakEwma``).
"""

from __future__ import annotations

from math import exp

from vizgate.pipeline.attempt import Attempt

#: An observation weighs 1/e after as many seconds.
DECAY_S = 10.0
#: An attempt that failed counts as one that took as long at least: errors are often quick, and would attract more.
FAILED_S = 1.0
# 0 stands for nothing known, so no observation is.
_SHORTEST_S = 1e-6


def decayed(average_s: float, age_s: float) -> float:
    """What *average_s* has come to *age_s* after it was last changed: it is forgotten little by little, so that a
    target that was slow once is asked again.
    """
    return average_s * exp(-age_s / DECAY_S) if age_s > 0 else average_s


def observed(average_s: float, age_s: float, elapsed_s: float) -> float:
    """The average after an answer that took *elapsed_s*: a slower one is the average at once, a quicker one moves it by
    as much as it is old.
    """
    elapsed_s = max(elapsed_s, _SHORTEST_S)
    if elapsed_s >= average_s:
        return elapsed_s
    weight = exp(-max(age_s, 0.0) / DECAY_S)
    return average_s * weight + elapsed_s * (1 - weight)


class LatencyWatcher:
    """Keeps ``latency_s`` and ``latency_at_s`` of targets; see ``pipeline.attempt.AttemptWatcher``."""

    __slots__ = ()

    def settled(self, attempt: Attempt, now_s: float) -> None:
        """Take what came of *attempt* into account, if that says anything about its target."""
        if not attempt.is_neutral:
            has_failed = not attempt.status or attempt.status >= 500
            _observe(attempt, max(attempt.elapsed_s, FAILED_S) if has_failed else attempt.elapsed_s, now_s)

    def broken(self, attempt: Attempt, now_s: float) -> None:
        """Take it for a failure."""
        _observe(attempt, FAILED_S, now_s)

    def __repr__(self) -> str:
        return "<LatencyWatcher>"


def _observe(attempt: Attempt, elapsed_s: float, now_s: float) -> None:
    state = attempt.target
    state.latency_s = observed(state.latency_s, now_s - state.latency_at_s, elapsed_s)
    state.latency_at_s = now_s
