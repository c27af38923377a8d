"""The rules of ``DeadlineSweeper``."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.transport.deadlines import TICK_S, DeadlineSweeper


class _Owner:
    """Something with a deadline that counts how often it expired."""

    def __init__(self) -> None:
        self.deadline_s = 0.0
        self.due_s = math.inf
        self.expired = 0

    def expire(self) -> None:
        self.deadline_s = 0.0
        self.expired += 1


def _stands(sweeper: DeadlineSweeper, owner: _Owner) -> int:
    return sum(owner in owners for owners in sweeper._due.values())


def test_sweep_before_deadline_does_nothing() -> None:
    """Never early: at a time before the deadline nothing expires, however the ticks fall."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 10.0)
    for now_s in (0.0, 9.0, 9.99, 9.9999):
        sweeper.sweep(now_s)
    assert (owner.expired, len(sweeper)) == (0, 1)


def test_sweep_two_ticks_after_deadline_expires_once() -> None:
    """Never later than two ticks, and once only."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 10.0)
    sweeper.sweep(10.0 + 2 * TICK_S)
    sweeper.sweep(20.0)
    assert (owner.expired, owner.due_s, len(sweeper)) == (1, math.inf, 0)


def test_sweep_after_long_pause_expires_all_in_order() -> None:
    """A loop that was busy for long looks at everything that fell due meanwhile, the earliest first."""
    sweeper, order = DeadlineSweeper(), []

    class Ordered(_Owner):
        def expire(self) -> None:
            order.append(self.deadline_s)
            self.deadline_s = 0.0

    for deadline_s in (5.0, 1.0, 3.0, 1000.0):
        sweeper.watch(Ordered(), deadline_s)
    sweeper.sweep(500.0)
    assert (order, len(sweeper)) == ([1.0, 3.0, 5.0], 1)


def test_watch_moved_later_is_looked_at_again() -> None:
    """A deadline that moved on is an attribute: the owner is entered again only when its old tick comes."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 1.0)
    due_s = owner.due_s
    sweeper.watch(owner, 2.0)
    assert owner.due_s == due_s
    sweeper.sweep(1.5)
    assert (owner.expired, _stands(sweeper, owner)) == (0, 1)
    sweeper.sweep(2.1)
    assert owner.expired == 1


def test_watch_moved_earlier_expires_earlier() -> None:
    """A deadline that moves forward counts at once, and the owner stands in one place."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 100.0)
    sweeper.watch(owner, 1.0)
    assert len(sweeper) == 1
    sweeper.sweep(1.1)
    assert (owner.expired, len(sweeper)) == (1, 0)


def test_watch_in_the_past_expires_with_next_sweep() -> None:
    """A deadline that has passed already is noticed within two ticks from now."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.sweep(50.0)
    sweeper.watch(owner, 3.0)
    sweeper.sweep(50.0 + 2 * TICK_S)
    assert owner.expired == 1


def test_deadline_cleared_is_forgotten_when_its_tick_comes() -> None:
    """Who sets its deadline to 0 is not expired."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 1.0)
    owner.deadline_s = 0.0
    sweeper.sweep(2.0)
    assert (owner.expired, len(sweeper)) == (0, 0)


def test_forget_lets_go() -> None:
    """Who has ended is not kept alive by its deadline; to forget a stranger does nothing."""
    sweeper, owner = DeadlineSweeper(), _Owner()
    sweeper.watch(owner, 1.0)
    sweeper.forget(owner)
    sweeper.forget(owner)
    assert (len(sweeper), owner.due_s, owner.deadline_s) == (0, math.inf, 0.0)
    sweeper.sweep(2.0)
    assert owner.expired == 0


@pytest.mark.parametrize("act", ["forget", "later", "earlier"])
def test_expire_may_change_another_owner_of_the_same_tick(act: str) -> None:
    """What an owner does to others while a tick is swept counts."""
    sweeper, second = DeadlineSweeper(), _Owner()

    class First(_Owner):
        def expire(self) -> None:
            super().expire()
            if act == "forget":
                sweeper.forget(second)
            else:
                sweeper.watch(second, 9.0 if act == "later" else 0.5)

    first = First()
    sweeper.watch(first, 1.0)
    sweeper.watch(second, 1.0)
    sweeper.sweep(1.1)
    sweeper.sweep(1.1 + 2 * TICK_S)
    assert (first.expired, second.expired) == (1, 1 if act == "earlier" else 0)
    sweeper.sweep(10.0)
    assert (second.expired, len(sweeper)) == (0 if act == "forget" else 1, 0)


def test_expire_may_watch_itself_again() -> None:
    """An owner may move its deadline instead of clearing it."""
    sweeper = DeadlineSweeper()

    class Periodic(_Owner):
        def expire(self) -> None:
            self.expired += 1
            sweeper.watch(self, self.deadline_s + 1.0)

    owner = Periodic()
    sweeper.watch(owner, 1.0)
    for tick in range(200):
        sweeper.sweep(tick * TICK_S)
    assert (owner.expired, len(sweeper)) == (4, 1)


def test_sweep_expires_many_owners_a_few_at_a_time() -> None:
    """Thousands that are due together do not hold the loop: each call ends a share, and says whether there is more."""
    sweeper = DeadlineSweeper()
    owners = [_Owner() for _ in range(1000)]
    for owner in owners:
        sweeper.watch(owner, 1.0)
    shares = []
    has_more = True
    while has_more:
        before = sum(owner.expired for owner in owners)
        has_more = sweeper.sweep(2.0)
        shares.append(sum(owner.expired for owner in owners) - before)
    assert (1000, 0) == (sum(shares), len(sweeper))
    assert max(shares) <= 64


def test_sweep_looks_at_owners_whose_deadline_moved_at_once() -> None:
    """To enter an owner anew costs little: a thousand busy connections are no reason to come back."""
    sweeper = DeadlineSweeper()
    owners = [_Owner() for _ in range(1000)]
    for owner in owners:
        sweeper.watch(owner, 1.0)
        sweeper.watch(owner, 50.0)
    assert not sweeper.sweep(2.0)
    assert 0 == sum(owner.expired for owner in owners)


def test_forget_reaches_owners_that_are_due_already() -> None:
    """Who ends between two shares is not expired any more."""
    sweeper = DeadlineSweeper()
    owners = [_Owner() for _ in range(200)]
    for owner in owners:
        sweeper.watch(owner, 1.0)
    assert sweeper.sweep(2.0)
    done = sum(owner.expired for owner in owners)
    for owner in owners:
        sweeper.forget(owner)
    assert not sweeper.sweep(2.0)
    assert done == sum(owner.expired for owner in owners)


def test_repr_counts_owners() -> None:
    """A sweeper shows how many it watches."""
    sweeper = DeadlineSweeper()
    sweeper.watch(_Owner(), 1.0)
    assert repr(sweeper) == "<DeadlineSweeper [1 owners]>"


_steps = st.lists(
    st.one_of(
        st.tuples(st.just("watch"), st.integers(0, 3), st.floats(0.01, 30.0)),
        st.tuples(st.just("clear"), st.integers(0, 3), st.just(0.0)),
        st.tuples(st.just("forget"), st.integers(0, 3), st.just(0.0)),
        st.tuples(st.just("pass"), st.just(0), st.floats(0.0, 3.0)),
    ),
    max_size=40,
)


@settings(deadline=None)
@given(_steps, st.sampled_from([TICK_S, 0.1, 1.0]), st.floats(0.0, 1e6))
def test_sweep_any_history_equals_naive_model(
    steps: list[tuple[str, int, float]], tick_s: float, start_s: float
) -> None:
    """Against a list of deadlines: never early, never over two ticks late, at most one place for each owner."""
    sweeper, owners = DeadlineSweeper(tick_s), [_Owner() for _ in range(4)]
    deadlines: dict[int, float] = {}
    now_s = start_s
    sweeper.sweep(now_s)
    for step, index, value in steps:
        owner = owners[index]
        if step == "watch":
            deadlines[index] = now_s + value
            sweeper.watch(owner, now_s + value)
        elif step == "clear":
            deadlines.pop(index, None)
            owner.deadline_s = 0.0
        elif step == "forget":
            deadlines.pop(index, None)
            sweeper.forget(owner)
            assert _stands(sweeper, owner) == 0
        else:
            end_s = now_s + value
            while now_s < end_s:
                now_s = min(now_s + tick_s, end_s)
                before = [item.expired for item in owners]
                sweeper.sweep(now_s)
                for number, item in enumerate(owners):
                    if item.expired > before[number]:
                        assert deadlines.pop(number) <= now_s
                # Two ticks, and what floating point loses at large times.
                assert all(deadline_s > now_s - 2 * tick_s - 1e-6 for deadline_s in deadlines.values())
        assert all(_stands(sweeper, item) <= 1 for item in owners)
        assert all((_stands(sweeper, item) == 1) is (item.due_s != math.inf) for item in owners)


def test_sweep_goes_on_after_a_patrol_that_failed(caplog: pytest.LogCaptureFixture) -> None:
    """One connection that cannot be looked after costs the others neither their patrol nor their deadline."""
    sweeper, owner, looked = DeadlineSweeper(), _Owner(), []

    class Patrolled:
        def patrol(self) -> None:
            looked.append(self)
            if len(looked) == 1:
                raise RuntimeError("broken")

    sweeper.patrolled.update({Patrolled(): None, Patrolled(): None})
    sweeper.watch(owner, 1.0)
    sweeper.sweep(2.0)
    assert (len(looked), owner.expired, len(caplog.records)) == (2, 1, 1)
