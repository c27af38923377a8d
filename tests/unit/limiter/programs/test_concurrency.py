"""Places: so many at a time, as leases."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from vizgate.extension.store import NO_CELLS, Cells
from vizgate.limiter.programs.concurrency import RELEASE, RENEW, TAKE, ConcurrencyProgram, place_settings

START_S = 1_767_225_600.0
LEASE_S = 100.0


@dataclass
class Room:
    """The places of one key; ``spans``: of the places that are held."""

    most: int
    cells: Cells = NO_CELLS
    expires_s: float = 0.0
    spans: list[float] = field(default_factory=list)

    def step(self, now_s: float, action: float, span: float = 0.0) -> Cells:
        cells = self.cells if now_s < self.expires_s else NO_CELLS
        step = ConcurrencyProgram().run(cells, now_s, (action, span, *place_settings(self.most, LEASE_S)))
        self.cells, self.expires_s = step.cells, now_s + step.ttl_s
        return step.result

    def take(self, now_s: float) -> bool:
        result = self.step(now_s, TAKE)
        if result[0]:
            self.spans.append(result[4])
        return result[0] == 1.0

    def give_back(self, now_s: float, index: int = 0) -> None:
        self.step(now_s, RELEASE, self.spans.pop(index))


def test_place_is_refused_when_all_are_taken_and_free_again_when_given_back():
    """As many as there are pass; one given back is one that passes."""
    room = Room(2)
    assert [True, True, False] == [room.take(START_S) for _ in range(3)]
    assert (0.0, 0.0, 1.0) == room.step(START_S, TAKE)[:3]
    room.give_back(START_S)
    assert [True, False] == [room.take(START_S) for _ in range(2)]


def test_room_with_nobody_in_it_takes_no_place_in_the_store():
    """When the last place is given back the key is forgotten."""
    room = Room(2)
    room.take(START_S)
    room.give_back(START_S + 1)
    assert NO_CELLS == room.cells


@given(when=st.floats(0, 200))
def test_lease_lasts_as_long_as_it_says_and_half_as_long_again_at_most(when):
    """Whenever it was taken: a place of a dead worker is held for a whole lease, and free after one and a half."""
    room, taken_s = Room(1), START_S + when
    room.take(taken_s)
    assert not room.take(taken_s + LEASE_S * 0.999)
    assert room.take(taken_s + LEASE_S * 1.5)


@given(when=st.floats(0, 200))
def test_place_that_is_renewed_stays_taken(when):
    """Renewed twice in each span, a place is held for as long as its request goes on, and is free at once after it."""
    room, now_s = Room(1), START_S + when
    room.take(now_s)
    for _ in range(20):
        now_s += LEASE_S / 4
        room.spans[0] = room.step(now_s, RENEW, room.spans[0])[4]
        assert not room.take(now_s)
    room.give_back(now_s)
    assert room.take(now_s)


def test_place_that_has_run_out_takes_nobody_elses_along():
    """Giving back a lease that ran out long ago frees nothing that somebody else holds."""
    room = Room(1)
    room.take(START_S)
    assert room.take(START_S + 10 * LEASE_S)
    room.give_back(START_S + 10 * LEASE_S)
    assert not room.take(START_S + 10 * LEASE_S)


@given(moves=st.lists(st.tuples(st.floats(0, LEASE_S / 4), st.integers(0, 5)), max_size=60), most=st.integers(1, 4))
def test_never_more_are_in_than_there_are_places(moves, most):
    """Over any course of taking and giving back within a lease, as many pass as there is room for, no more or less."""
    room, now_s = Room(most), START_S
    for step, action in moves:
        now_s = min(now_s + step, START_S + LEASE_S)
        if action < 4:
            assert room.take(now_s) == (len(room.spans) < most) or len(room.spans) == most
        elif room.spans:
            room.give_back(now_s, action % len(room.spans))
        assert len(room.spans) <= most
        if room.spans:
            assert most - len(room.spans) == most - sum(room.cells[1:])


@given(steps=st.lists(st.floats(-1e6, 1e6), max_size=20))
def test_clock_that_jumps_lets_nobody_stay_for_ever(steps):
    """Whatever the clock did, places that nobody renews are free after two leases."""
    room, now_s = Room(1), START_S
    for step in steps:
        now_s += step
        room.take(now_s)
    assert room.take(now_s + 2.5 * LEASE_S)
