"""Dates in header fields."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.cache.rules.dates import read_date
from vizgate.observe.date import imf_fixdate

NOW_S = 1_767_225_600.0  # 2026-01-01


@pytest.mark.parametrize(
    "value",
    [b"Sun, 06 Nov 1994 08:49:37 GMT", b"Sunday, 06-Nov-94 08:49:37 GMT", b"Sun Nov  6 08:49:37 1994"],
)
def test_all_three_forms_are_read(value):
    """RFC 9110 5.6.7: "A recipient that parses a timestamp value in an HTTP field MUST accept all three"."""
    assert 784_111_777.0 == read_date(value, NOW_S)


@pytest.mark.parametrize(
    "value",
    [
        None, b"", b"0", b"-1", b"Sun, 06 Nov 1994 08:49:37", b"Sun, 06 Nov 1994 08:49:37 +0200",
        b"Sun, 31 Feb 1994 08:49:37 GMT", b"Sun, 06 Nov 1994 24:49:37 GMT", b"Sun, 06 Nov 1994 08:49:61 GMT",
        b"Sun, 06 nov 1994 08:49:37 GMT", b"Sun, 06 Nov 0000 08:49:37 GMT", b"1994-11-06T08:49:37Z",
    ],
)  # fmt: skip
def test_anything_else_is_no_date(value):
    """What is no date of HTTP is none at all, so that it can count as the past."""
    assert read_date(value, NOW_S) is None


def test_two_digits_mean_at_most_fifty_years_ahead():
    """RFC 9110 5.6.7: more than 50 years in the future "MUST" be read as the most recent year in the past."""
    assert read_date(b"Wednesday, 01-Jan-76 00:00:00 GMT", NOW_S) > NOW_S
    assert read_date(b"Wednesday, 01-Jan-77 00:00:00 GMT", NOW_S) < NOW_S


@given(st.integers(0, 4_000_000_000))
def test_what_is_written_is_read(second):
    """A date that this gateway writes is read as the second it was."""
    assert second == read_date(imf_fixdate(second).encode(), NOW_S)
