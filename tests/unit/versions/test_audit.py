"""Whether users are given the six months they were promised."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.versions.audit import VersionWarning, add_months, audit_versions
from vizgate.versions.config import VersionConfig

SAMPLE = {"1": {"deprecated": "2026-06-01", "sunset": "2026-12-01", "successor": "/api/v2/"}}


def audited(versions: dict[str, dict[str, Any]], today: date) -> tuple[VersionWarning, ...]:
    return audit_versions({name: VersionConfig.model_validate(each) for name, each in versions.items()}, today)


@pytest.mark.parametrize(("today", "warns"), [(date(2026, 6, 1), False), (date(2026, 6, 2), True)])
def test_audit_warns_from_the_first_day_too_few(today: date, warns: bool) -> None:
    """Six months to the day are enough, a day less is not."""
    assert warns == bool(audited(SAMPLE, today))


def test_audit_says_what_is_wrong_and_what_to_do() -> None:
    """Which version, how long it has, and to when its end should move."""
    assert (
        VersionWarning(
            "1",
            "version 1, the one before the newest, has 30 days left, until 2026-12-01. "
            "Its users are promised 6 months: move its sunset to 2027-05-01",
        ),
    ) == audited(SAMPLE, date(2026, 11, 1))
    gone = audited(SAMPLE, date(2026, 12, 1))
    assert "is gone since 2026-12-01" in gone[0].message


@pytest.mark.parametrize(
    ("versions", "names"),
    [
        ({}, []),
        ({"1": {"sunset": "2026-12-01"}}, []),
        ({"1": {"sunset": "2026-12-01", "successor": "/docs/"}}, []),
        ({"1": {"sunset": "2026-12-01", "successor": "https://api.example.com/v2"}}, ["1"]),
        ({"1": {"deprecated": "2020-01-01", "successor": "/v2/"}}, []),
        ({"1": {"sunset": "2020-01-01", "successor": "/v3/"}, "2": {"deprecated": "2026-01-01"}}, []),
        ({"1": {"sunset": "2020-01-01"}, "2": {"sunset": "2026-12-01", "successor": "/api/v3/"}}, ["2"]),
        ({"9": {"sunset": "2026-12-01"}, "10": {"deprecated": "2026-01-01"}}, ["9"]),
        ({"1.9": {"sunset": "2026-12-01"}, "1.10": {"deprecated": "2026-01-01"}}, ["1.9"]),
        ({"beta": {"sunset": "2026-12-01"}}, []),
    ],
)
def test_audit_looks_at_the_version_before_the_newest(versions: dict[str, dict[str, Any]], names: list[str]) -> None:
    """The newest is the highest that is configured or that a successor leads to; older ones may go."""
    assert names == [warning.name for warning in audited(versions, date(2026, 11, 1))]


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2027, 8, 31), date(2028, 2, 29)),
        (date(2026, 6, 30), date(2026, 12, 30)),
        (date(2026, 7, 1), date(2027, 1, 1)),
    ],
)
def test_add_months_ends_with_the_month(day: date, later: date) -> None:
    """A day that a month does not have is its last."""
    assert later == add_months(day, 6)


@given(st.dates(date(1970, 1, 1), date(2900, 1, 1)), st.integers(0, 2000))
def test_audit_any_days_warns_exactly_below_six_months(today: date, days: int) -> None:
    """The warning depends on the two days alone, and names a day that would end it."""
    sunset = date.fromordinal(today.toordinal() + days)
    found = audited({"1": {"sunset": str(sunset), "successor": "/v2"}}, today)
    assert (sunset < add_months(today, 6)) == bool(found)
    if found:
        better = found[0].message.rpartition(" ")[2]
        assert () == audited({"1": {"sunset": better, "successor": "/v2"}}, today)
