"""Lifetimes and ages, against the formulas of RFC 9111 as they stand there."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from vizgate.cache.rules.directives import read_directives
from vizgate.cache.rules.freshness import Lifetime, Received, initial_age_s, lifetime_of
from vizgate.cache.rules.reuse import NO_WISH, Terms, Use, Wish, may_replace_error, use_of
from vizgate.message.headers import Headers
from vizgate.observe.date import imf_fixdate

WALL_S = 1_767_225_600
seconds = st.integers(0, 10_000)
maybe = st.none() | seconds


def headers(date_s: int | None, expires_s: int | None, age: int | None = None) -> Headers:
    pairs = []
    if date_s is not None:
        pairs.append(("Date", imf_fixdate(date_s)))
    if expires_s is not None:
        pairs.append(("Expires", imf_fixdate(expires_s)))
    if age is not None:
        pairs.append(("Age", str(age)))
    return Headers.of(pairs)


@given(maybe, maybe, st.none() | st.integers(-5000, 5000), st.integers(-100, 100))
def test_lifetime_is_the_first_that_is_told(s_maxage, max_age, expires, skew):
    """RFC 9111 4.2.1: s-maxage, else max-age, else Expires minus Date, else nothing is told."""
    told = {"s-maxage": s_maxage, "max-age": max_age}
    directives = read_directives(", ".join(f"{name}={value}" for name, value in told.items() if value is not None))
    date_s = WALL_S + skew
    found = lifetime_of(directives, headers(date_s, None if expires is None else date_s + expires), WALL_S)
    if s_maxage is not None:
        expected = s_maxage
    elif max_age is not None:
        expected = max_age
    elif expires is not None:
        expected = max(0, expires)
    else:
        assert found is None
        return
    assert Lifetime(expected, is_told=True) == found


@given(st.integers(0, 500), st.integers(0, 500), maybe, st.integers(-300, 300), seconds)
def test_age_is_that_of_the_rfc(request_s, delay_s, age, skew, resident_s):
    """RFC 9111 4.2.3, formula by formula."""
    response_s = request_s + delay_s
    date_value = WALL_S + skew
    apparent_age = max(0, WALL_S - date_value)
    response_delay = response_s - request_s
    corrected_age_value = (age or 0) + response_delay
    corrected_initial_age = max(apparent_age, corrected_age_value)
    received = Received(float(request_s), float(response_s), float(WALL_S))
    assert corrected_initial_age == initial_age_s(headers(date_value, None, age), received)


def test_age_that_is_no_number_is_ignored_and_of_several_the_first_counts():
    """RFC 9111 5.1: the first member of a list; what is invalid is ignored; a huge number is capped."""
    received = Received(0.0, 0.0, float(WALL_S))
    cases = {"5": 5, "5, 9": 5, "x": 0, "-5": 0, "": 0, "1.5": 0, "9" * 50: 2**31}
    for value, expected in cases.items():
        assert expected == initial_age_s(Headers.of([("Age", value)]), received)
    assert 7 == initial_age_s(Headers.of([("Age", "7"), ("Age", "9")]), received)


def test_invalid_expires_is_the_past():
    """RFC 9111 5.3: invalid dates, "0" above all, MUST be read as a time in the past; so are two that differ."""
    for value in ("0", "-1", "tomorrow", ""):
        assert Lifetime(0.0, is_told=True) == lifetime_of({}, Headers.of([("Expires", value)]), WALL_S)
    two = Headers.of([("Expires", imf_fixdate(WALL_S + 9)), ("Expires", imf_fixdate(WALL_S + 99))])
    assert Lifetime(0.0, is_told=True) == lifetime_of({}, two, WALL_S)


def test_expires_without_date_counts_from_when_it_came():
    """Where a response has no date, it was made when it came, as far as anybody knows."""
    assert Lifetime(9.0, is_told=True) == lifetime_of({}, headers(None, WALL_S + 9), WALL_S)


@given(seconds, seconds, st.booleans(), st.booleans(), seconds)
def test_no_stale_response_is_used_unless_somebody_allows_it(life, age, always, forbids, swr):
    """RFC 9111 4.2.4: fresh, or within what the response allows; never against what it forbids."""
    terms = Terms(Lifetime(float(life), is_told=True), always, forbids, float(swr))
    use = use_of(terms, NO_WISH, float(age))
    if always:
        assert Use.VALIDATE is use
    elif age < life:
        assert Use.FRESH is use
    else:
        allowed = not forbids and age - life < swr
        assert (Use.WHILE_REVALIDATING if allowed else Use.VALIDATE) is use


@given(seconds, seconds, seconds, seconds, st.integers(-1, 10_000), st.booleans())
def test_wishes_only_ever_narrow_but_for_max_stale(life, age, max_age, min_fresh, max_stale, forbids):
    """RFC 9111 5.2.1: max-age and min-fresh ask for more than fresh, max-stale for less."""
    terms = Terms(Lifetime(float(life), is_told=True), forbids_stale=forbids)
    wish = Wish(max_age_s=float(max_age), min_fresh_s=float(min_fresh), max_stale_s=float(max_stale))
    use = use_of(terms, wish, float(age))
    if use is Use.FRESH:
        assert age <= max_age
        assert life - age >= min_fresh
        assert age < life
    if use is Use.STALE:
        assert not forbids
        assert age - life <= max_stale


@given(seconds, seconds, seconds, st.booleans(), st.booleans())
def test_error_is_replaced_within_what_is_allowed(life, age, allowed, always, forbids):
    """RFC 5861 4: not beyond the time allowed, and never against must-revalidate, s-maxage or no-cache."""
    assume(age >= life)
    terms = Terms(Lifetime(float(life), is_told=True), always, forbids, 0.0, float(allowed))
    expected = not always and not forbids and age - life < allowed
    assert expected == may_replace_error(terms, NO_WISH, float(age))
    assert not may_replace_error(terms, Wish(no_cache=True), float(age))
