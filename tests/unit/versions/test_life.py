"""The life of a version as a pure function of its dates and the time."""

from __future__ import annotations

import doctest
import re
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from vizgate.versions import life as module
from vizgate.versions.config import VersionConfig
from vizgate.versions.life import Stage, VersionLife, start_of

JUNE, DECEMBER = 1_780_272_000, 1_796_083_200
SAMPLE = {"deprecated": "2026-06-01", "sunset": "2026-12-01", "successor": "/api/v2/"}


def life(**settings: Any) -> VersionLife:
    return VersionLife(VersionConfig.model_validate(settings))


@pytest.mark.parametrize(
    ("now_s", "stage"),
    [
        (0, Stage.ACTIVE),
        (JUNE - 0.001, Stage.ACTIVE),
        (JUNE, Stage.DEPRECATED),
        (DECEMBER - 0.001, Stage.DEPRECATED),
        (DECEMBER, Stage.GONE),
        (1e12, Stage.GONE),
    ],
)
def test_stage_changes_as_the_day_begins_in_utc(now_s: float, stage: Stage) -> None:
    """The sample of the reference: deprecated on the first of June, gone on the first of December."""
    assert stage is life(**SAMPLE).stage(now_s)


def test_fields_of_sample() -> None:
    """RFC 9745: a structured date; RFC 8594: an HTTP date; RFC 8288: links."""
    assert (
        (b"Deprecation", b"@1780272000"),
        (b"Sunset", b"Tue, 01 Dec 2026 00:00:00 GMT"),
        (b"Link", b'</api/v2/>; rel="successor-version"'),
        (b"Link", b'<https://docs.example.com/v2>; rel="deprecation"'),
        (b"Link", b'<https://docs.example.com/v2>; rel="sunset"'),
    ) == life(**SAMPLE, documentation="https://docs.example.com/v2").fields


def test_sunset_alone_is_told_of_from_the_beginning() -> None:
    """It is there to be heard in time; without a sunset a version is deprecated for good."""
    ending = life(sunset="2026-12-01")
    assert (Stage.DEPRECATED, Stage.GONE) == (ending.stage(0), ending.stage(DECEMBER))
    assert ((b"Sunset", b"Tue, 01 Dec 2026 00:00:00 GMT"),) == ending.fields
    old = life(deprecated="2026-06-01", documentation="/docs")
    assert (Stage.ACTIVE, Stage.DEPRECATED) == (old.stage(JUNE - 1), old.stage(1e12))
    assert (b"Link", b'</docs>; rel="deprecation"') in old.fields
    assert len(old.fields) == 2


DAYS = st.dates(date(1971, 1, 1), date(2999, 12, 31))


@given(DAYS, st.integers(0, 4000), st.floats(-1e6, 4e10))
def test_any_dates_are_told_exactly(deprecated: date, days: int, now_s: float) -> None:
    """What the fields say, read back, is the second at which the stage changes; stages never go back."""
    sunset = deprecated + timedelta(days)
    found = VersionLife(VersionConfig(deprecated=deprecated, sunset=sunset))
    fields = dict(found.fields)
    from_s = int(fields[b"Deprecation"][1:])
    gone_s = parsedate_to_datetime(fields[b"Sunset"].decode()).timestamp()
    assert datetime.fromtimestamp(from_s, UTC).isoformat() == f"{deprecated}T00:00:00+00:00"
    assert gone_s == start_of(sunset) >= from_s
    expected = Stage.GONE if now_s >= gone_s else Stage.DEPRECATED if now_s >= from_s else Stage.ACTIVE
    assert expected is found.stage(now_s)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({}, "has nothing to tell"),
        ({"successor": "/v2"}, "has nothing to tell"),
        ({"deprecated": "2026-06-02", "sunset": "2026-06-01"}, "sunset is before deprecated"),
        ({"deprecated": 20260601}, "must be a day such as 2026-06-01"),
        ({"deprecated": "2026-02-30"}, "day"),
        ({"deprecated": "2026-06-01T10:00:00"}, "must be a day"),
        ({**SAMPLE, "successor": 'a>; rel="x'}, "is no link"),
        ({**SAMPLE, "successor": "//evil.example"}, "is no link"),
        ({**SAMPLE, "documentation": "javascript:x"}, "is no link"),
        ({**SAMPLE, "documentation": "/a\r\nX: y"}, "is no link"),
    ],
)
def test_config_what_cannot_be_told_is_refused(settings: dict[str, Any], words: str) -> None:
    """Days are days, and a link can neither leave its brackets nor split an answer."""
    with pytest.raises(ValidationError, match=re.escape(words)):
        VersionConfig.model_validate(settings)


def test_docstring_example_is_true() -> None:
    """What the class shows is what it does."""
    assert 0 == doctest.testmod(module).failed
