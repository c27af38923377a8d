"""Whose turn it is to accept."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.transport.sharing.turns import FRESH_S, LONGEST, SHORTEST, Load, leaves_it, next_patience

COUNTS = st.integers(0, 10_000)
NOW_S = 1000.0


def test_worker_with_more_connections_leaves_the_next_one():
    """Who has one more than somebody at work steps back; who has as many does not."""
    assert leaves_it(1, [Load(0, NOW_S)], NOW_S)
    assert not leaves_it(1, [Load(1, NOW_S)], NOW_S)


def test_difference_of_a_quarter_does_not_count():
    """40 are as good as 32."""
    assert not leaves_it(40, [Load(32, NOW_S)], NOW_S)
    assert leaves_it(41, [Load(32, NOW_S)], NOW_S)


def test_somebody_goes_on_while_others_step_back():
    """To who looks away for a moment a connection is left only if he has far fewer."""
    assert not leaves_it(18, [Load(11, NOW_S, is_resting=True)], NOW_S)
    assert leaves_it(19, [Load(11, NOW_S, is_resting=True)], NOW_S)


def test_nothing_is_left_to_a_worker_that_does_not_look():
    """Who is stopped or busy is not waited for, however little he has."""
    assert not leaves_it(100, [Load(0, NOW_S - FRESH_S - 0.001)], NOW_S)


@given(st.lists(COUNTS, min_size=1, max_size=8))
def test_some_worker_always_takes_it(counts: list[int]):
    """Of workers that all look, whatever they have, at least one does not leave the next connection to the others."""
    loads = [Load(count, NOW_S) for count in counts]
    others = [[*loads[:index], *loads[index + 1 :]] for index in range(len(loads))]
    assert not all(leaves_it(counts[index], others[index], NOW_S) for index in range(len(loads)))


@given(st.integers(2, 6), st.integers(64, 300))
def test_connections_are_spread_evenly(workers: int, connections: int):
    """Where whoever does not leave it takes it, nobody has less than half of his share in the end."""
    counts = [0] * workers
    for turn in range(connections):
        # The first to ask is another one each time: the worst order that there can be is one that never changes.
        for index in range(workers):
            others = [Load(count, NOW_S) for other, count in enumerate(counts) if other != index]
            if not leaves_it(counts[index], others, NOW_S):
                counts[index] += 1
                break
        assert turn + 1 == sum(counts)
    assert min(counts) >= connections / workers / 2


@given(st.lists(st.booleans(), max_size=30))
def test_patience_stays_within_its_bounds(taken: list[bool]):
    """However often nobody comes, the next one is waited for a little; when somebody came, for the whole time."""
    patience = LONGEST
    for was_taken in taken:
        patience = next_patience(patience, was_taken=was_taken)
        assert SHORTEST <= patience <= LONGEST
        assert not was_taken or LONGEST == patience
