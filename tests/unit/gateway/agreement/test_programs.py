"""The programs by which gateways leave things for each other."""

from __future__ import annotations

import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.extension.store import NO_CELLS, Cells, Step, is_lasting
from vizgate.gateway.agreement.programs import KEEP_FIRST, KEEP_LATEST, SWAP

PAIRS = st.tuples(st.floats(1, 4e9), st.sampled_from([0.0, 1.0, 2.0]))


def test_keep_first_gives_everybody_what_was_there_first() -> None:
    """The first one writes, and each call keeps it for longer."""
    assert Step((1.0, 2.0), 60.0, (1.0, 2.0)) == KEEP_FIRST.run(NO_CELLS, 0.0, (60.0, 1.0, 2.0))
    assert Step((1.0, 2.0), 90.0, (1.0, 2.0)) == KEEP_FIRST.run((1.0, 2.0), 0.0, (90.0, 3.0, 4.0))


def test_keep_latest_tells_what_was_there_before() -> None:
    """Whoever comes learns what others have said, and whether they have said anything."""
    assert Step((5.0, 1.0), 60.0, (0.0, 0.0)) == KEEP_LATEST.run(NO_CELLS, 0.0, (60.0, 5.0, 1.0))
    assert Step((6.0, 0.0), 60.0, (5.0, 1.0)) == KEEP_LATEST.run((5.0, 1.0), 0.0, (60.0, 6.0, 0.0))
    assert Step((5.0, 1.0), 60.0, (5.0, 1.0)) == KEEP_LATEST.run((5.0, 1.0), 0.0, (60.0, 4.0, 2.0))


def test_keep_latest_asked_with_nothing_leaves_nothing() -> None:
    """To ask is not to say something."""
    assert NO_CELLS == KEEP_LATEST.run(NO_CELLS, 0.0, (60.0, 0.0, 0.0)).cells
    assert (5.0, 1.0) == KEEP_LATEST.run((5.0, 1.0), 0.0, (60.0, 0.0, 0.0)).cells


@given(said=st.lists(PAIRS, min_size=1, max_size=4))
def test_keep_latest_comes_to_the_same_in_any_order_and_however_often(said: list[Cells]) -> None:
    """Gateways that hear of each other late and twice agree in the end."""
    ends = set()
    for order in permutations([*said, said[0]]):
        cells = NO_CELLS
        for pair in order:
            cells = KEEP_LATEST.run(cells, 0.0, (60.0, *pair)).cells
        ends.add(cells)
    assert {max(said)} == ends


@pytest.mark.parametrize("cells", [(math.inf, 1.0), (math.nan, 1.0), (5.0,), (5.0, 1.0, 1.0), (1e300, 0.0)])
def test_keep_latest_takes_rubbish_for_nothing(cells: Cells) -> None:
    """A time that nobody can be later than would be the last word for ever."""
    assert Step((6.0, 0.0), 60.0, (0.0, 0.0)) == KEEP_LATEST.run(cells, 0.0, (60.0, 6.0, 0.0))
    assert NO_CELLS == KEEP_LATEST.run(cells, 0.0, (60.0, 0.0, 0.0)).cells


def test_rubbish_is_replaced() -> None:
    """A key of another length, and a change that is no number."""
    assert (1.0, 2.0) == KEEP_FIRST.run((7.0,), 0.0, (60.0, 1.0, 2.0)).result
    assert Step((5.0,), 60.0, (0.0,)) == SWAP.run((math.nan,), 0.0, (60.0, 5.0))


def test_swap_tells_what_was_there_before() -> None:
    """A number takes the place of another, and 0 is asking."""
    assert Step(NO_CELLS, 60.0, (0.0,)) == SWAP.run(NO_CELLS, 0.0, (60.0, 0.0))
    assert Step((5.0,), 60.0, (0.0,)) == SWAP.run(NO_CELLS, 0.0, (60.0, 5.0))
    assert Step((6.0,), 60.0, (5.0,)) == SWAP.run((5.0,), 0.0, (60.0, 6.0))
    assert Step((6.0,), 60.0, (6.0,)) == SWAP.run((6.0,), 0.0, (60.0, 0.0))


def test_programs_outlast_counters() -> None:
    """No flood of made-up clients pushes out what gateways have agreed about."""
    assert is_lasting(KEEP_FIRST)
    assert is_lasting(KEEP_LATEST)
    assert is_lasting(SWAP)
