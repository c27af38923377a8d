"""The rules of ``BreakerMachine``."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.breaker.machine import NEXT, BreakerMachine, BreakerSettings, Signal, State
from vizgate.breaker.window import FAILED, GOOD, SLOW

SETTINGS = BreakerSettings(minimum_requests=4, window_s=10.0, open_for_s=30.0, half_open_requests=3)
COOLED_S = 34.0  # longer than 30 s and its jitter


def machine(settings: BreakerSettings = SETTINGS) -> BreakerMachine:
    return BreakerMachine(settings, Random(1))


def call(breaker: BreakerMachine, result: int, now_s: float = 0.0) -> bool:
    """Whether a call was let through; it ends at once with *result*."""
    permit = breaker.admit(now_s)
    if permit is not None:
        breaker.record(permit, result, now_s)
    return permit is not None


def opened(settings: BreakerSettings = SETTINGS) -> BreakerMachine:
    breaker = machine(settings)
    for _ in range(settings.minimum_requests):
        call(breaker, FAILED)
    assert State.OPEN is breaker.state
    return breaker


def test_table_is_complete() -> None:
    """Each state is left by the signals that mean something in it, and by no other."""
    assert {
        (State.CLOSED, Signal.TRIPPED): State.OPEN,
        (State.OPEN, Signal.COOLED): State.HALF_OPEN,
        (State.HALF_OPEN, Signal.RECOVERED): State.CLOSED,
        (State.HALF_OPEN, Signal.FAILED): State.OPEN,
    } == NEXT


def test_too_few_calls_say_nothing() -> None:
    """Three failures of three are no rate as long as four calls are asked for."""
    breaker = machine()
    for _ in range(3):
        call(breaker, FAILED)
    assert State.CLOSED is breaker.state
    call(breaker, FAILED)
    assert State.OPEN is breaker.state


def test_rate_of_failures_opens_at_its_bound() -> None:
    """Half of the calls failed, with a bound of 50 %: it is open, and lets nothing through."""
    breaker = machine()
    assert [True, True, True, True] == [call(breaker, result) for result in (GOOD, GOOD, FAILED, FAILED)]
    assert not call(breaker, GOOD)


def test_rate_of_slow_calls_opens_too() -> None:
    """Slow calls are counted apart from failures."""
    breaker = machine(BreakerSettings(minimum_requests=4, slow_rate=0.5))
    for result in (GOOD, SLOW, GOOD, SLOW):
        call(breaker, result)
    assert State.OPEN is breaker.state


def test_failures_that_are_old_do_not_count() -> None:
    """What happened before the window began is forgotten."""
    breaker = machine()
    for now_s in (0.0, 0.0, 0.0, 20.0, 20.0, 20.0):
        call(breaker, FAILED, now_s)
    assert State.CLOSED is breaker.state


def test_exactly_so_many_trials_of_a_hundred_at_once() -> None:
    """When it is half open three of a hundred requests get through, until they have ended."""
    breaker = opened()
    permits = [permit for permit in (breaker.admit(COOLED_S) for _ in range(100)) if permit is not None]
    assert 3 == len(permits)
    assert breaker.is_full
    for permit in permits:
        assert State.HALF_OPEN is breaker.state
        breaker.record(permit, GOOD, COOLED_S)
    assert State.CLOSED is breaker.state


def test_one_bad_trial_opens_it_again() -> None:
    """And what the other trials say then is of another period."""
    breaker = opened()
    first, second, third = (breaker.admit(COOLED_S) for _ in range(3))
    assert first is not None
    assert second is not None
    assert third is not None
    breaker.record(second, FAILED, COOLED_S)
    assert State.OPEN is breaker.state
    breaker.record(first, GOOD, COOLED_S)
    breaker.record(third, GOOD, COOLED_S)
    assert State.OPEN is breaker.state
    assert breaker.admit(COOLED_S + 29.0) is None


def test_trial_without_a_word_gives_its_place_to_another() -> None:
    """A client that went away is no verdict, and takes no trial from the others."""
    breaker = opened()
    permits = [breaker.admit(COOLED_S) for _ in range(3)]
    assert permits[0] is not None
    assert breaker.admit(COOLED_S) is None
    breaker.give_back(permits[0])
    assert breaker.admit(COOLED_S) is not None
    assert breaker.admit(COOLED_S) is None


def test_trials_that_never_end_are_given_up() -> None:
    """Half open is no place to stay in: after as long again there are new trials."""
    breaker = opened()
    hanging = [breaker.admit(COOLED_S) for _ in range(3)]
    assert breaker.admit(COOLED_S + 29.0) is None
    assert breaker.admit(COOLED_S + 30.0) is not None
    assert hanging[0] is not None
    breaker.record(hanging[0], FAILED, COOLED_S + 31.0)
    assert State.HALF_OPEN is breaker.state


def test_call_from_before_says_nothing_about_a_trial() -> None:
    """A call that began when it was closed and ends when it is half open is neither a trial nor a verdict."""
    breaker = machine()
    early = breaker.admit(0.0)
    assert early is not None
    for _ in range(4):
        call(breaker, FAILED)
    assert breaker.admit(COOLED_S) is not None
    breaker.record(early, FAILED, COOLED_S)
    breaker.give_back(early)
    assert State.HALF_OPEN is breaker.state
    assert [True, True, False] == [breaker.admit(COOLED_S) is not None for _ in range(3)]


@pytest.mark.parametrize("seed", range(5))
def test_reopening_is_jittered(seed: int) -> None:
    """It stays open for its time and up to a tenth longer, by chance."""
    breaker = BreakerMachine(SETTINGS, Random(seed))
    for _ in range(4):
        call(breaker, FAILED)
    assert 30.0 <= breaker.until_s <= 33.0
    assert len({BreakerMachine(SETTINGS, Random(each))._random.random() for each in range(5)}) > 1


def test_slow_trials_open_it_by_their_share() -> None:
    """With a bound of 50 %, one slow trial of three closes it all the same, two do not."""
    settings = BreakerSettings(minimum_requests=4, slow_rate=0.5)
    for results, state in (((SLOW, GOOD, GOOD), State.CLOSED), ((SLOW, SLOW, GOOD), State.OPEN)):
        breaker = opened(settings)
        for result in results:
            call(breaker, result, COOLED_S)
        assert state is breaker.state


def test_force_stands_above_the_rules() -> None:
    """Forced open it is never tried, forced closed it never opens; given back, it goes on by its rules."""
    breaker = machine()
    breaker.force(State.OPEN, 0.0)
    assert breaker.admit(1e6) is None
    breaker.force(State.CLOSED, 0.0)
    for _ in range(10):
        assert call(breaker, FAILED)
    breaker.force(State.OPEN, 10.0)
    breaker.force(None, 10.0)
    assert breaker.admit(10.0) is not None
    assert State.HALF_OPEN is breaker.state
    with pytest.raises(ValueError, match="open or closed"):
        breaker.force(State.HALF_OPEN, 0.0)


def test_changes_are_told() -> None:
    """Whoever looks on learns each change once, in order."""
    told: list[tuple[State, State]] = []
    breaker = machine()
    breaker.changed.append(lambda changed, before: told.append((before, changed.state)))
    for _ in range(4):
        call(breaker, FAILED)
    for _ in range(3):
        call(breaker, GOOD, COOLED_S)
    assert [
        (State.CLOSED, State.OPEN),
        (State.OPEN, State.HALF_OPEN),
        (State.HALF_OPEN, State.CLOSED),
    ] == told


def test_adopt_goes_on_in_the_same_state() -> None:
    """A reload with other settings does not close what is open."""
    breaker = opened()
    breaker.adopt(BreakerSettings(open_for_s=1.0))
    assert State.OPEN is breaker.state


_EVENTS = st.lists(st.tuples(st.floats(0, 20), st.sampled_from(["good", "bad", "gone", "begin"])), max_size=300)


@given(_EVENTS, st.integers(0, 99), st.booleans())
def test_whatever_happens_no_more_trials_than_allowed(
    events: list[tuple[float, str]], seed: int, by_count: bool
) -> None:
    """In each period half open, calls under way and calls that have counted are never more than the allowed trials,
    and only the table's changes happen.
    """
    settings = BreakerSettings(
        minimum_requests=2, window_requests=5 if by_count else 0, window_s=10.0, open_for_s=5.0, half_open_requests=2
    )
    breaker = BreakerMachine(settings, Random(seed))
    steps: list[tuple[State, State]] = []
    breaker.changed.append(lambda changed, before: steps.append((before, changed.state)))
    now_s, running = 0.0, []
    for wait_s, event in events:
        now_s += wait_s
        permit = breaker.admit(now_s)
        if permit is not None:
            running.append((permit, breaker.state))
        trials = [each for each, state in running if state is State.HALF_OPEN and each == breaker.period]
        assert len(trials) <= 2
        if running and event != "begin":
            permit, _ = running.pop(0)
            if event == "gone":
                breaker.give_back(permit)
            else:
                breaker.record(permit, FAILED if event == "bad" else GOOD, now_s)
    allowed = {(state, after) for (state, _), after in NEXT.items()}
    assert set(steps) <= allowed
