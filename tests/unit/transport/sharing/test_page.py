"""Loads in memory that several workers see."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from vizgate.testing import ManualClock
from vizgate.transport.sharing.page import LoadPage
from vizgate.transport.sharing.seat import Seat
from vizgate.transport.sharing.turns import Load


@pytest.fixture
def page() -> Iterator[LoadPage]:
    page = LoadPage.new()
    page.use(3)
    yield page
    page.close()


def test_page_shows_each_worker_the_loads_of_the_others(page: LoadPage):
    """What one tells, all others see, also through another descriptor; who has left is not there."""
    other = LoadPage(os.dup(page.fd))
    page.enter(1, 5.0)
    other.enter(2, 6.0)
    page.tell(1, 7)
    assert [Load(7, 5.0)] == other.others(2)
    assert [Load(0, 6.0)] == page.others(1)
    assert 7 == other.total(2)
    page.rest(1, wanted=True)
    assert [Load(7, 5.0, is_resting=True)] == other.others(2)
    page.leave(1)
    assert [] == other.others(2)
    other.close()


def test_page_looks_no_further_than_the_highest_number_in_use(page: LoadPage):
    """Places that nobody has cost nothing."""
    page.enter(3, 1.0)
    page.use(2)
    assert [] == page.others(1)


def test_page_may_be_closed_twice():
    """The end of a gateway may be asked for twice."""
    page = LoadPage.new()
    page.close()
    page.close()


def test_seat_that_was_left_tells_nothing_more(page: LoadPage):
    """Who serves his last requests is not one to leave connections to, whatever he still counts."""
    clock = ManualClock()
    first, second = Seat(page, 1, clock), Seat(page, 2, clock)
    first.take()
    second.take()
    first.tell(3)
    assert 3 == second.connections_elsewhere
    first.leave()
    first.tell(4)
    first.patrol()
    assert 0 == second.connections_elsewhere
    second.tell(9)
    assert not second.leaves_it


def test_seat_counts_for_as_long_as_it_looks(page: LoadPage):
    """A worker that has not looked for a while is not waited for, until it looks again."""
    clock = ManualClock()
    first, second = Seat(page, 1, clock), Seat(page, 2, clock)
    first.take()
    second.take()
    first.tell(1)
    assert first.leaves_it
    clock.advance(1.0)
    assert not first.leaves_it
    second.patrol()
    assert first.leaves_it
