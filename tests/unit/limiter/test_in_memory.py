"""Limiters for any Python program."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate import Decision, FixedWindow, SlidingWindow, TokenBucket
from vizgate.errors import UnitError
from vizgate.testing import ManualClock
from vizgate.units import Rate, parse_rate

EACH = pytest.mark.parametrize("kind", [TokenBucket, SlidingWindow, FixedWindow])


def test_take_empty_bucket_denies_with_wait():
    """An empty bucket denies and says when one token will be back."""
    bucket = TokenBucket("2/second")
    bucket.take("ip", 2, now_s=0.0)
    assert Decision(False, 0.5, 0) == bucket.take("ip", 1, now_s=0.0)
    assert Decision(True, 0.0, 0) == bucket.take("ip", 1, now_s=0.5)


def test_take_burst_is_what_may_come_at_once():
    """The burst passes at once, and the rate goes on from there."""
    bucket = TokenBucket("100/minute", burst=20)
    assert 20 == sum(bucket.take("ip", now_s=0.0).allowed for _ in range(100))
    assert Decision(True, 0.0, 0) == bucket.take("ip", now_s=0.6)


@pytest.mark.parametrize("start_s", [0.0, 0.1, 0.7, 12.3, 86_400.1])
@pytest.mark.parametrize(("rate", "later_s"), [("10/s", 0.1), ("5/s", 0.2), ("100/minute", 0.6), ("3/2s", 2 / 3)])
def test_take_time_in_decimals_is_the_time_meant(rate, later_s, start_s):
    """A tenth of a second is no double; a token that is back after a tenth of a second is back all the same."""
    bucket = TokenBucket(rate, burst=1)
    assert bucket.take("ip", now_s=start_s)
    assert bucket.take("ip", now_s=start_s + later_s)
    assert not bucket.take("ip", now_s=start_s + 2 * later_s - 0.00001)


@given(
    rate=st.sampled_from(["2/s", "7/3s", "100/minute", "1000/s", "1/day"]),
    burst=st.integers(1, 10),
    start_s=st.floats(0, 2e9),
    steps=st.lists(st.one_of(st.floats(0, 1), st.floats(0, 1e5)), max_size=40),
)
def test_token_bucket_any_times_keep_to_rate_and_burst(rate, burst, start_s, steps):
    """Over any floats there pass at most ``burst + rate * time``; a refused cost passes at the time it was told."""
    bucket, now_s, passed_at = TokenBucket(rate, burst), start_s, []
    per_s = parse_rate(rate).count / parse_rate(rate).period_s
    for step in steps:
        now_s += step
        decision = bucket.take("ip", now_s=now_s)
        if decision:
            passed_at.append(now_s)
        else:
            copy = TokenBucket(rate, burst)
            copy._cells.update(bucket._cells)
            assert copy.take("ip", now_s=now_s + decision.retry_after_s)
    for index, first_s in enumerate(passed_at):
        assert len(passed_at) - index <= burst + per_s * (passed_at[-1] - first_s) + 1e-6


@EACH
def test_take_keys_do_not_know_each_other(kind):
    """Each key has its own numbers, of whatever type it is."""
    limiter = kind("1/minute")
    assert [True, True, False] == [limiter.take(key, now_s=0.0).allowed for key in ("a", ("a", 7), "a")]


@EACH
def test_take_asks_its_clock_when_not_told_the_time(kind):
    """Without a time it takes that of its clock."""
    clock = ManualClock()
    limiter = kind(Rate(1, 60.0), clock=clock)
    assert limiter.take("a").allowed
    refused = limiter.take("a")
    assert not refused
    clock.advance(refused.retry_after_s)
    assert limiter.take("a")


@EACH
def test_take_cost_that_can_never_pass_is_an_error(kind):
    """A cost over what may pass at once is the caller's mistake; so is one below zero; zero asks."""
    limiter = kind("3/minute")
    for cost in (4, -1):
        with pytest.raises(ValueError, match=f"a cost must be from 0 to 3, not {cost}"):
            limiter.take("a", cost, now_s=0.0)
    assert 3 == limiter.take("a", 0, now_s=0.0).remaining


@EACH
def test_take_million_keys_keep_only_the_latest(kind):
    """Keys beyond the bound are forgotten, the one idle for longest first."""
    limiter = kind("10/minute", max_keys=1000)
    for number in range(100_000):
        limiter.take(number, now_s=0.0)
        limiter.take("busy", 0 if kind is TokenBucket and not number else 1 if number < 5 else 0, now_s=0.0)
    assert 1000 == len(limiter)
    assert 10 > limiter.take("busy", 0, now_s=0.0).remaining
    assert 10 == limiter.take(0, 0, now_s=0.0).remaining


@EACH
def test_forget_starts_afresh(kind):
    """A key that is forgotten is one that was never seen."""
    limiter = kind("1/minute")
    limiter.take("a", now_s=0.0)
    limiter.forget("a")
    limiter.forget("never seen")
    assert limiter.take("a", now_s=0.0)


def test_repr_tells_the_rule_and_the_keys():
    """A limiter says what it allows and how much it keeps."""
    bucket = TokenBucket("100/minute", burst=20)
    bucket.take("a", now_s=0.0)
    assert "<TokenBucket 100/minute, 20 at once [1 keys]>" == repr(bucket)


def test_limiter_refuses_what_it_cannot_keep():
    """A rate that cannot be read, and bounds below one, are errors."""
    with pytest.raises(UnitError):
        TokenBucket("often")
    with pytest.raises(ValueError, match="burst must be at least 1"):
        TokenBucket("1/s", burst=0)
    with pytest.raises(ValueError, match="max_keys must be at least 1"):
        FixedWindow("1/s", max_keys=0)
