"""Tests of times as text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vizgate.observe.date import HttpDate, Rfc3339, common_log_time, imf_fixdate


@dataclass
class SetClock:
    """A clock that shows what it was set to."""

    now_s: float = 0.0

    def monotonic(self) -> float:
        return self.now_s

    def wall(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


_SECONDS = st.integers(0, 4_102_444_800)


def test_imf_fixdate_of_the_rfcs_example_is_the_rfcs_text() -> None:
    """The example of RFC 9110 5.6.7 comes out letter by letter."""
    assert imf_fixdate(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT"


@given(_SECONDS)
def test_imf_fixdate_any_second_agrees_with_the_standard_library(second: int) -> None:
    """It is what the standard library prints, and reads back as the same second."""
    text = imf_fixdate(second)
    assert text == format_datetime(datetime.fromtimestamp(second, UTC), usegmt=True)
    assert parsedate_to_datetime(text).timestamp() == second


def test_common_log_time_of_a_second_is_the_apache_form() -> None:
    """Day, English month, year, time and offset."""
    assert common_log_time(784_111_777) == "06/Nov/1994:08:49:37 +0000"


def test_http_date_within_one_second_formats_once(clock: SetClock) -> None:
    """The same object comes back until the second is over."""
    date = HttpDate(clock)
    clock.now_s = 784_111_777.0
    first = date.value()
    clock.now_s = 784_111_777.999
    assert date.value() is first


def test_http_date_next_second_is_new(clock: SetClock) -> None:
    """A second later the value is another one."""
    date = HttpDate(clock)
    clock.now_s = 784_111_777.9
    assert date.value() == b"Sun, 06 Nov 1994 08:49:37 GMT"
    clock.now_s = 784_111_778.0
    assert date.value() == b"Sun, 06 Nov 1994 08:49:38 GMT"


def test_http_date_clock_set_back_follows(clock: SetClock) -> None:
    """The wall clock may jump back; the value follows it."""
    date = HttpDate(clock)
    clock.now_s = 784_111_778.0
    date.value()
    clock.now_s = 784_111_777.0
    assert date.value() == b"Sun, 06 Nov 1994 08:49:37 GMT"


@given(st.lists(st.integers(0, 4_102_444_800_000), min_size=1, max_size=5))
@example([128_790])
def test_rfc3339_any_order_of_times_reads_back(milliseconds: list[int]) -> None:
    """Whatever the cache holds, the text is the time, to the millisecond."""
    formatter = Rfc3339()
    for millisecond in milliseconds:
        text = formatter.text(millisecond / 1000)
        # In seconds the time may be a hair under its millisecond, and is cut then; it is never later.
        assert millisecond - round(datetime.fromisoformat(text).timestamp() * 1000) in {0, 1}


def test_rfc3339_fraction_cut_not_rounded() -> None:
    """A time is never shown as later than it was."""
    assert Rfc3339().text(784_111_777.9996) == "1994-11-06T08:49:37.999Z"
