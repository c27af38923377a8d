"""The programs of agreement do the same in Python and in Redis."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.redis_server import LuaForm, check_forms
from vizgate.gateway.agreement.programs import KEEP_FIRST, KEEP_LATEST, SWAP

pytestmark = pytest.mark.system

TIMES = st.floats(0, 4e9)
DRAWN = st.integers(0, 2**53 - 1).map(float)


@settings(max_examples=50, deadline=None)
@given(sequence=st.lists(st.tuples(TIMES, st.tuples(st.just(60.0), DRAWN, DRAWN, DRAWN, DRAWN)), max_size=5))
def test_keep_first_forms_do_the_same(lua_form: LuaForm, sequence: list[tuple[float, tuple[float, ...]]]) -> None:
    """Every bit that was drawn comes back, whoever asks."""
    for step in check_forms(KEEP_FIRST, lua_form, sequence):
        assert step.cells == lua_form.step(KEEP_FIRST, step.cells, 0.0, (60.0, 1.0, 2.0, 3.0, 4.0)).result


@settings(max_examples=50, deadline=None)
@given(
    sequence=st.lists(
        st.tuples(TIMES, st.tuples(st.just(60.0), TIMES | st.sampled_from([0.0, 5.0]), st.sampled_from([0.0, 1.0]))),
        max_size=8,
    )
)
def test_keep_latest_forms_do_the_same(lua_form: LuaForm, sequence: list[tuple[float, tuple[float, ...]]]) -> None:
    """Earlier words, later ones, two of one time, and mere questions."""
    check_forms(KEEP_LATEST, lua_form, sequence)


@pytest.mark.parametrize("cells", [(), (math.inf, 1.0), (math.nan, 1.0), (5.0,), (5.0, 1.0, 1.0), (1e300, 0.0)])
def test_forms_do_the_same_with_rubbish(lua_form: LuaForm, cells: tuple[float, ...]) -> None:
    """Whatever somebody else has written under a key."""
    asked = [
        (KEEP_FIRST, (1.0, 2.0)),
        (KEEP_LATEST, (6.0, 0.0)),
        (KEEP_LATEST, (0.0, 0.0)),
        (SWAP, (0.0,)),
        (SWAP, (5.0,)),
    ]
    for of, arguments in asked:
        python = of.run(cells, 0.0, (60.0, *arguments)).result
        lua = lua_form.step(of, cells, 0.0, (60.0, *arguments)).result
        assert repr(python) == repr(lua)  # as text, in which what is no number is equal, too


@settings(max_examples=50, deadline=None)
@given(sequence=st.lists(st.tuples(TIMES, st.tuples(st.just(60.0), DRAWN | st.just(0.0))), max_size=8))
def test_swap_forms_do_the_same(lua_form: LuaForm, sequence: list[tuple[float, tuple[float, ...]]]) -> None:
    """Numbers that come and questions about them."""
    check_forms(SWAP, lua_form, sequence)
