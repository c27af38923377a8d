"""The rules of counting do the same in Python and in Redis, to the last bit of every number."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.integration.redis_server import LuaForm, check_forms
from vizgate.extension.store import Cells, Program
from vizgate.limiter.programs.concurrency import RELEASE, RENEW, TAKE, ConcurrencyProgram, place_settings
from vizgate.limiter.programs.fixed_window import FixedWindowProgram, window_settings
from vizgate.limiter.programs.quota import QuotaProgram, quota_settings
from vizgate.limiter.programs.sliding_window import SlidingWindowProgram
from vizgate.limiter.programs.token_bucket import TokenBucketProgram, bucket_settings
from vizgate.units import Rate

START_S = 1_767_225_600.0
RATES = st.builds(Rate, st.integers(1, 5000), st.sampled_from([0.1, 1.0, 2.0, 60.0, 3600.0, 86_400.0]))
#: Most steps are short, some go back, a few are larger than any period.
STEPS = st.one_of(st.floats(0, 3), st.floats(-5, 100), st.floats(-4e6, 4e6))


def over_time(data: st.DataObject, arguments: Callable[[], Cells]) -> list[tuple[float, Cells]]:
    now_s, sequence = START_S, []
    for step in data.draw(st.lists(STEPS, min_size=1, max_size=12)):
        now_s += step
        sequence.append((now_s, arguments()))
    return sequence


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
@pytest.mark.parametrize("kind", ["token_bucket", "fixed_window", "sliding_window", "quota"])
def test_spending_forms_do_the_same(lua_form: LuaForm, kind: str, data: st.DataObject) -> None:
    """Whatever is spent, asked for or given back, at whatever times, Lua and Python keep and answer the same."""
    rate = data.draw(RATES)
    program, own = {
        "token_bucket": lambda: (TokenBucketProgram(), bucket_settings(rate, data.draw(st.integers(1, 5000)))),
        "fixed_window": lambda: (FixedWindowProgram(), window_settings(rate)),
        "sliding_window": lambda: (SlidingWindowProgram(), window_settings(rate)),
        "quota": lambda: (QuotaProgram(), quota_settings(rate.count, data.draw(st.sampled_from(["day", "month"])))),
    }[kind]()

    def arguments() -> Cells:
        forced = data.draw(st.integers(0, 4)) == 0
        cost = data.draw(st.integers(-5, 10_000)) if forced else data.draw(st.integers(0, min(rate.count, 10)))
        return (float(cost), float(forced), *own)

    assert_same(program, lua_form, over_time(data, arguments))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_concurrency_forms_do_the_same(lua_form: LuaForm, data: st.DataObject) -> None:
    """Whatever is taken, given back or renewed, in whatever order, Lua and Python keep and answer the same."""
    own = place_settings(data.draw(st.integers(1, 5)), data.draw(st.sampled_from([0.2, 30.0, 300.0])))
    present = START_S // own[1]

    def arguments() -> Cells:
        return (
            data.draw(st.sampled_from([TAKE, TAKE, RELEASE, RENEW])),
            present + data.draw(st.integers(-3, 3)),
            *own,
        )

    assert_same(ConcurrencyProgram(), lua_form, over_time(data, arguments))


def assert_same(program: Program, lua: LuaForm, sequence: list[tuple[float, Cells]]) -> None:
    check_forms(program, lua, sequence)
