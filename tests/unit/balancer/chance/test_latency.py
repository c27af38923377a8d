"""The moving average of latency, and who keeps it up."""

from __future__ import annotations

from math import exp

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.balancer.chance.latency import DECAY_S, FAILED_S, LatencyWatcher, decayed, observed
from vizgate.errors import Termination
from vizgate.pipeline.attempt import Attempt
from vizgate.pipeline.target_state import TargetState

SECONDS = st.floats(0, 1000)


def test_observed_slower_answer_is_believed_at_once() -> None:
    """A peak is the average from then on."""
    assert observed(0.01, 0.0, 2.0) == 2.0


def test_observed_quicker_answer_counts_by_age() -> None:
    """After the time constant a quick answer has moved the average by 1 - 1/e of the way."""
    expected = 2.0 * exp(-1) + 0.1 * (1 - exp(-1))
    assert expected == pytest.approx(observed(2.0, DECAY_S, 0.1))
    assert observed(2.0, 0.0, 0.1) == 2.0


@given(SECONDS, SECONDS, SECONDS)
def test_observed_is_between_what_was_and_what_is(average_s: float, age_s: float, elapsed_s: float) -> None:
    """The average never leaves the range of what was seen, and is never 0, which stands for nothing known."""
    result = observed(average_s, age_s, elapsed_s)
    assert 0 < result
    assert min(average_s, elapsed_s) * (1 - 1e-9) <= result <= max(average_s, elapsed_s, 1e-6) * (1 + 1e-9)


def test_decayed_forgets_with_time_only() -> None:
    """As time passes the average shrinks; a clock that stands still, or goes back, changes nothing."""
    assert [1.0, 1.0] == [decayed(1.0, 0.0), decayed(1.0, -1.0)]
    assert exp(-2) == pytest.approx(decayed(1.0, 2 * DECAY_S))


def attempt_of(status: int, elapsed_s: float, termination: Termination | None = None) -> Attempt:
    attempt = Attempt(TargetState("users", "a:80"), 0, 1, 0.0)
    attempt.status, attempt.elapsed_s, attempt.termination = status, elapsed_s, termination
    return attempt


@pytest.mark.parametrize(
    ("status", "elapsed_s", "termination", "expected"),
    [
        (200, 0.05, None, 0.05),
        (404, 0.05, None, 0.05),
        (503, 0.05, None, FAILED_S),
        (500, 3.0, None, 3.0),
        (0, 0.001, Termination.CONNECT_FAILURE, FAILED_S),
        (0, 15.0, Termination.UPSTREAM_TIMEOUT, 15.0),
        (0, 0.5, Termination.CLIENT_ABORT, 0.0),
    ],
)
def test_watcher_settled_takes_answers_and_failures(
    status: int, elapsed_s: float, termination: Termination | None, expected: float
) -> None:
    """A failure counts as slow however quick it was; a client that went away says nothing."""
    attempt = attempt_of(status, elapsed_s, termination)
    LatencyWatcher().settled(attempt, 7.0)
    assert expected == attempt.target.latency_s
    assert attempt.target.latency_at_s == (7.0 if expected else 0.0)


def test_watcher_broken_is_a_failure() -> None:
    """An answer that broke off was quick for nothing."""
    attempt = attempt_of(200, 0.01)
    LatencyWatcher().settled(attempt, 1.0)
    LatencyWatcher().broken(attempt, 2.0)
    assert (FAILED_S, 2.0) == (attempt.target.latency_s, attempt.target.latency_at_s)


def test_repr_tells_nothing_else() -> None:
    """It keeps nothing of its own."""
    assert repr(LatencyWatcher()) == "<LatencyWatcher>"
