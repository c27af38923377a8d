"""What holds for every rule that spends: bucket, windows, quota."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from math import floor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.extension.store import NO_CELLS, Cells
from vizgate.limiter import rules
from vizgate.limiter.programs.quota import month_bounds
from vizgate.limiter.programs.scale import scale_of
from vizgate.limiter.rules import Rule
from vizgate.units import Rate, parse_rate

START_S = 1_767_225_600.0  # 2026-01-01T00:00:00Z
TICK_S = 2.0**-20
HALF_A_MILLION_YEARS_S = 2.0**44


@dataclass
class Counted:
    """A rule and the cells of one key."""

    rule: Rule
    cells: Cells = NO_CELLS
    expires_s: float = field(default=-HALF_A_MILLION_YEARS_S)

    def spend(self, now_s: float, cost: float = 1.0, *, forced: bool = False) -> Cells:
        cells = self.cells if now_s < self.expires_s else NO_CELLS
        step = self.rule.program.run(cells, now_s, (cost, float(forced), *self.rule.settings))
        self.cells, self.expires_s = step.cells, now_s + step.ttl_s
        return step.result

    def would_pass(self, now_s: float, cost: float) -> bool:
        cells = self.cells if now_s < self.expires_s else NO_CELLS
        return self.rule.program.run(cells, now_s, (cost, 0.0, *self.rule.settings)).result[0] == 1.0


RATES = st.builds(Rate, st.integers(1, 1000), st.sampled_from([0.001, 0.1, 1.0, 1.5, 2.0, 7.0, 60.0, 3600.0, 86_400.0]))
RULES = st.one_of(
    st.builds(rules.token_bucket, RATES, st.one_of(st.none(), st.integers(1, 1000))),
    st.builds(rules.fixed_window, RATES),
    st.builds(rules.sliding_window, RATES),
    st.builds(rules.quota, st.integers(1, 1000), st.sampled_from(["day", "month"])),
)
#: Whole ticks, so that times in the test are exact, too.
FORWARD = st.one_of(st.integers(0, 2**8), st.integers(0, 2**27), st.integers(0, 2**42)).map(lambda n: n * TICK_S)
ANYWHERE = st.one_of(FORWARD, FORWARD.map(lambda step: -step))


@given(rule=RULES, steps=st.lists(FORWARD, max_size=30), data=st.data())
def test_refusal_tells_the_time_at_which_a_retry_passes(rule, steps, data):
    """At the time that a refusal names the same cost passes; four ticks earlier it does not."""
    counted, now_s = Counted(rule), START_S
    for step in steps:
        now_s += step
        cost = float(data.draw(st.integers(1, min(rule.at_once, 20))))
        passed, _, retry_s, _ = counted.spend(now_s, cost)
        assert (retry_s > 0) == (not passed)
        if not passed:
            assert counted.would_pass(now_s + retry_s, cost)
            earlier_s = now_s + retry_s - 4 * TICK_S
            assert earlier_s <= now_s or not counted.would_pass(earlier_s, cost)


@given(rule=RULES, steps=st.lists(FORWARD, max_size=30))
def test_remaining_is_what_passes_and_no_more(rule, steps):
    """As many as are said to remain pass at the same moment, and the next one does not."""
    counted, now_s = Counted(rule), START_S
    for step in steps:
        now_s += step
        left = int(counted.spend(now_s)[1])
        if left:
            assert counted.would_pass(now_s, float(left))
        if left < rule.at_once:
            assert not counted.would_pass(now_s, left + 1.0)


@given(rule=RULES, steps=st.lists(ANYWHERE, max_size=30))
def test_clock_that_goes_back_gives_nothing(rule, steps):
    """A step back never leaves more than there was."""
    counted, now_s = Counted(rule), START_S
    for step in steps:
        before = counted.spend(now_s, 0.0)[1]
        now_s += step
        if step < 0:
            assert counted.spend(now_s, 0.0)[1] <= before
        counted.spend(now_s, 1.0)


@given(rule=RULES, steps=st.lists(ANYWHERE, max_size=20))
def test_clock_that_jumps_far_ahead_gives_one_burst(rule, steps):
    """However far it jumps, what passes at one moment is the largest cost that may ever pass."""
    counted, now_s = Counted(rule), START_S
    for step in steps:
        now_s += step
        counted.spend(now_s)
    now_s += HALF_A_MILLION_YEARS_S / 2**20
    assert counted.would_pass(now_s, float(rule.at_once))
    counted.spend(now_s, float(rule.at_once))
    assert not counted.would_pass(now_s, 1.0)


@given(rule=RULES, steps=st.lists(FORWARD, min_size=1, max_size=10))
def test_limit_is_not_shut_for_ever_by_a_wrong_clock(rule, steps):
    """After a step back of any size, everything is there again within a few times the time it takes to come back."""
    counted, now_s = Counted(rule), START_S + 2.0**30
    counted.spend(now_s, float(rule.at_once))
    for step in steps:
        now_s -= step
        counted.spend(now_s)
    window_s = 31 * 86_400.0 if rule.program is rules.QUOTA else rule.window_s * max(rule.at_once / rule.most, 1)
    assert counted.spend(now_s, 0.0)[3] <= 3 * max(window_s, 1.0)


@given(rule=RULES, cost=st.integers(1, 50))
def test_giving_back_restores_what_was(rule, cost):
    """What is given back at the same moment is there again."""
    counted = Counted(rule)
    before = counted.spend(START_S, 0.0)[1]
    counted.spend(START_S, float(cost), forced=True)
    assert before == counted.spend(START_S, float(-cost), forced=True)[1]


def test_debt_is_paid_before_anything_passes():
    """What a response costs is spent in any case, and the bucket earns it back first."""
    counted = Counted(rules.token_bucket(parse_rate("1/s"), 10))
    assert (1.0, 9.0, 0.0, 1.0) == counted.spend(START_S)
    assert (1.0, 0.0, 0.0, 30.0) == counted.spend(START_S, 29.0, forced=True)
    assert (0.0, 0.0, 21.0, 30.0) == counted.spend(START_S)
    assert counted.would_pass(START_S + 21.0, 1.0)


@given(rate=RATES, burst=st.integers(1, 1000), moves=st.lists(st.tuples(FORWARD, st.integers(1, 30)), max_size=60))
def test_token_bucket_is_exactly_that_of_the_book(rate, burst, moves):
    """Every decision is that of a bucket counted in fractions, which never round; two ticks do not count."""
    counted, now_s, level, last_s = Counted(rules.token_bucket(rate, burst)), START_S, Fraction(burst), START_S
    per_s = rate.count / Fraction(rate.period_s).limit_denominator(10**9)
    slack = scale_of(rate, burst).slack / Fraction(scale_of(rate, burst).per_token)
    for step, cost in moves:
        now_s += step
        level, last_s = min(Fraction(burst), level + Fraction(now_s - last_s) * per_s), now_s
        if cost <= burst:
            passed = cost <= level + slack
            assert passed == (counted.spend(now_s, float(cost))[0] == 1.0)
            level -= cost * passed
            assert floor(level + slack) == counted.spend(now_s, 0.0)[1]


@given(rate=RATES, burst=st.integers(1, 100), steps=st.lists(FORWARD, max_size=60))
def test_token_bucket_never_admits_more_than_rate_and_burst(rate, burst, steps):
    """Between any two requests that passed there are at most ``burst + rate * time``, time taken to two ticks."""
    counted, now_s, passed_at = Counted(rules.token_bucket(rate, burst)), START_S, []
    for step in steps:
        now_s += step
        if counted.spend(now_s)[0]:
            passed_at.append(now_s)
    per_s = rate.count / Fraction(rate.period_s).limit_denominator(10**9)
    for first in range(len(passed_at)):
        for last in range(first, len(passed_at)):
            assert last - first + 1 <= burst + per_s * Fraction(passed_at[last] - passed_at[first] + 2 * TICK_S)


@given(rate=RATES, burst=st.integers(1, 50), steps=st.lists(ANYWHERE, max_size=60))
def test_token_bucket_counts_time_that_passed_once(rate, burst, steps):
    """With a clock that jumps both ways, no more passes than a burst and the time that went forward."""
    counted, now_s, passed, forward_s = Counted(rules.token_bucket(rate, burst)), START_S, 0, Fraction(0)
    for step in steps:
        now_s += step
        forward_s += Fraction(max(step, 0.0))
        passed += counted.spend(now_s)[0] == 1.0
    per_s = rate.count / Fraction(rate.period_s).limit_denominator(10**9)
    assert passed <= burst + per_s * (forward_s + 2 * Fraction(TICK_S))


@given(rate=RATES, steps=st.lists(FORWARD, max_size=60))
def test_window_rules_admit_no_more_than_the_count_in_a_window(rate, steps):
    """In each window of the clock at most the count passes, by both rules; the sliding one admits no more in all."""
    fixed, sliding, now_s = Counted(rules.fixed_window(rate)), Counted(rules.sliding_window(rate)), START_S
    _, period, _, per_s = fixed.rule.settings
    seen: dict[tuple[str, float], int] = {}
    for step in steps:
        now_s += step
        window = now_s * per_s // period
        for name, counted in (("fixed", fixed), ("sliding", sliding)):
            if counted.spend(now_s)[0]:
                seen[name, window] = seen.get((name, window), 0) + 1
    assert all(count <= rate.count for count in seen.values())


def test_sliding_window_keeps_two_bursts_at_the_border_apart():
    """A full window just before the border leaves room for nothing just after it; half a window later for half."""
    counted = Counted(rules.sliding_window(parse_rate("10/minute")))
    for _ in range(10):
        assert counted.spend(START_S + 59.0)[0]
    assert (0.0, 0.0, 6.0, 60.0) == counted.spend(START_S + 60.0)
    assert 5.0 == counted.spend(START_S + 90.0, 0.0)[1]
    assert 1.0 == Counted(rules.fixed_window(parse_rate("10/minute"))).spend(START_S + 60.0)[0]


@pytest.mark.parametrize(
    ("rate", "ticks"), [("1/s", 2**20), ("1/minute", 60 * 2**20), ("3/100ms", 104_858), ("1000000000/day", 86_400 * 32)]
)
def test_window_is_a_whole_number_of_ticks(rate, ticks):
    """Ticks are as fine as the count allows; a period between two of them is the longer one."""
    assert ticks == rules.fixed_window(parse_rate(rate)).settings[1]


@pytest.mark.parametrize("rate", ["999999999999999/day", "999999999999999/100000d"])
def test_rate_that_cannot_be_counted_exactly_is_refused(rate):
    """A number too large for exact counting is an error, never a limit that is a little off."""
    for rule in (rules.token_bucket, rules.fixed_window, rules.sliding_window):
        with pytest.raises(ValueError, match="Write a smaller count, or a shorter period"):
            rule(parse_rate(rate))


@pytest.mark.parametrize(
    ("per", "at_s", "start_s", "end_s"),
    [
        ("day", START_S + 10, START_S, START_S + 86_400),
        ("month", START_S + 10, START_S, START_S + 31 * 86_400),
        ("month", 1_772_323_199.0, 1_769_904_000.0, 1_772_323_200.0),  # the last second of February 2026
        ("month", 1_709_164_800.0, 1_706_745_600.0, 1_709_251_200.0),  # 2024-02-29
        ("month", 951_782_400.0, 949_363_200.0, 951_868_800.0),  # 2000-02-29
    ],
)
def test_quota_follows_the_calendar(per, at_s, start_s, end_s):
    """Days and months begin at midnight UTC, leap days included, and a new one brings everything back."""
    counted = Counted(rules.quota(2, per))
    assert (1.0, 0.0, 0.0, end_s - at_s) == counted.spend(at_s, 2.0)
    assert (start_s, 2.0) == counted.cells
    assert (0.0, 0.0, end_s - at_s, end_s - at_s) == counted.spend(at_s)
    assert (1.0, 1.0) == counted.spend(end_s)[:2]


def test_quota_that_is_raised_keeps_what_was_used():
    """The numbers of a quota mean the same whatever it is, so that a change of plan forgets nothing."""
    small, large = Counted(rules.quota(100, "month")), Counted(rules.quota(1000, "month"))
    small.spend(START_S, 60.0)
    large.cells, large.expires_s = small.cells, small.expires_s
    assert small.rule.meaning == large.rule.meaning
    assert 940.0 == large.spend(START_S, 0.0)[1]


@given(day=st.dates(max_value=date(9999, 11, 30)), second=st.integers(0, 86_399))
def test_months_are_those_of_the_calendar(day, second):
    """The first and the last second of a month are those that the standard library finds."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    first = midnight.replace(day=1)
    after = first.replace(day=28) + timedelta(days=monthrange(day.year, day.month)[1] - 27)
    assert (first.timestamp(), after.timestamp()) == month_bounds(midnight.timestamp() + second)
