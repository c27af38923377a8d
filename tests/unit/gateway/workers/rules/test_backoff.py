"""When a worker that has died is replaced."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.gateway.workers.rules.backoff import GROWN_S, MOST_S, BackOff


def test_first_death_is_made_up_for_at_once_and_further_ones_ever_later():
    """At once, then 0.1 seconds, twice as long each time, 10 at most."""
    back_off = BackOff()
    assert [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0] == [back_off.wait_s(1.0) for _ in range(10)]


def test_death_after_a_minute_is_a_first_one():
    """Who has lived did not die of its start."""
    back_off = BackOff()
    for _ in range(5):
        back_off.wait_s(1.0)
    assert [0.0, 0.1] == [back_off.wait_s(GROWN_S), back_off.wait_s(1.0)]


@given(st.lists(st.floats(0, 1000), max_size=200))
def test_wait_is_bounded(lives: list[float]):
    """However many deaths there are, nobody waits longer than ten seconds for a worker."""
    back_off = BackOff()
    assert all(0.0 <= back_off.wait_s(lived_s) <= MOST_S for lived_s in lives)
