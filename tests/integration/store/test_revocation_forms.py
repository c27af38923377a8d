"""The programs of revocation do the same in Python and in Redis."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.integration.redis_server import LuaForm, check_forms
from vizgate.auth.jwt.revocation import IS_REVOKED, REVOKE

TIMES = st.floats(min_value=0, max_value=4e9)


@settings(max_examples=100, deadline=None)
@given(sequence=st.lists(st.tuples(TIMES, st.tuples(TIMES)), max_size=8))
def test_revoke_forms_do_the_same(lua_form: LuaForm, sequence: list[tuple[float, tuple[float, ...]]]) -> None:
    """Whatever comes in whatever order, Lua and Python mark the same key until the same time."""
    check_forms(REVOKE, lua_form, sequence)


@settings(max_examples=100, deadline=None)
@given(now_s=TIMES, cells=st.one_of(st.just(()), st.tuples(TIMES)))
def test_is_revoked_forms_do_the_same(lua_form: LuaForm, now_s: float, cells: tuple[float, ...]) -> None:
    """A mark in force, one that has ended, and none are the same to both."""
    assert IS_REVOKED.run(cells, now_s, ()).result == lua_form.step(IS_REVOKED, cells, now_s, ()).result
