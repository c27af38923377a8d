"""Durations, sizes, rates and shares as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.errors import UnitError
from vizgate.units import (
    KIB,
    MIB,
    Rate,
    counted,
    format_duration,
    format_rate,
    format_share,
    format_size,
    parse_duration,
    parse_rate,
    parse_share,
    parse_size,
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("500ms", 0.5),
        ("1ms", 0.001),
        ("2s", 2.0),
        ("1.5s", 1.5),
        ("1m", 60.0),
        ("1h", 3600.0),
        ("7d", 604800.0),
        (" 10 s ", 10.0),
        ("0", 0.0),
        ("0s", 0.0),
    ],
)
def test_parse_duration_number_and_unit_gives_seconds(text: str, seconds: float) -> None:
    """A duration is a number and ms, s, m, h or d; zero needs no unit."""
    assert parse_duration(text) == seconds


@pytest.mark.parametrize("text", ["", "s", "-1s", "1 week", "1h30m", "1S", "1e3s", "٣s", "99999999999d", "infs", "nan"])
def test_parse_duration_other_text_is_refused(text: str) -> None:
    """Anything else is refused with what to write instead."""
    with pytest.raises(UnitError, match=r"Write "):
        parse_duration(text)


def test_parse_duration_without_unit_names_the_remedy() -> None:
    """A bare number would be a guess; the message shows it with a unit."""
    with pytest.raises(UnitError, match=r"'5' has no unit.*'5s'"):
        parse_duration("5")


@pytest.mark.parametrize(
    ("text", "size"),
    [("0", 0), ("512", 512), ("512B", 512), ("64KiB", 64 * KIB), ("1.5MiB", 3 * MIB // 2), ("1 GiB", 1024 * MIB)],
)
def test_parse_size_number_and_unit_gives_bytes(text: str, size: int) -> None:
    """A size is a number and B, KiB, MiB or GiB; B may be left out."""
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "KiB", "-1", "0.5B", "1.0000001KiB", "9999999999GiB", "1TiB", "ten"])
def test_parse_size_other_text_is_refused(text: str) -> None:
    """Anything that is no whole number of bytes is refused."""
    with pytest.raises(UnitError, match=r"Write "):
        parse_size(text)


@pytest.mark.parametrize(("text", "meant"), [("64KB", "64KiB"), ("10mb", "10MiB"), ("1g", "1GiB"), ("5kib", "5KiB")])
def test_parse_size_decimal_unit_is_refused_with_binary_one(text: str, meant: str) -> None:
    """KB and MB mean different things to different people; the message offers KiB and MiB."""
    with pytest.raises(UnitError, match=f"Did you mean '{meant}'"):
        parse_size(text)


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("100/minute", Rate(100, 60.0)),
        ("10/2s", Rate(10, 2.0)),
        ("5/s", Rate(5, 1.0)),
        ("1/500ms", Rate(1, 0.5)),
        ("1000 / day", Rate(1000, 86400.0)),
    ],
)
def test_parse_rate_count_and_period_gives_rate(text: str, rate: Rate) -> None:
    """A rate is a count, a slash, and a period by name or duration."""
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "100", "/minute", "100/", "1.5/s", "-1/s", "0/s", "5/0s", "5/fortnight", "5/2"])
def test_parse_rate_other_text_is_refused(text: str) -> None:
    """A rate that cannot be read, or never lets anything through, is refused."""
    with pytest.raises(UnitError, match=r"[Ww]rite "):
        parse_rate(text)


@pytest.mark.parametrize(("text", "share"), [("0%", 0.0), ("50%", 0.5), ("100 %", 1.0), ("0.1%", 0.001)])
def test_parse_share_percentage_gives_fraction(text: str, share: float) -> None:
    """A share is a percentage from 0% to 100%."""
    assert parse_share(text) == share


@pytest.mark.parametrize("text", ["", "50", "0.5", "-1%", "101%", "100.1%", "%"])
def test_parse_share_other_text_is_refused(text: str) -> None:
    """A number without % is refused: is 1 all or a hundredth?"""
    with pytest.raises(UnitError, match=r"Write a percentage"):
        parse_share(text)


@given(st.integers(0, 10**12))
def test_duration_of_whole_milliseconds_survives_a_round_trip(milliseconds: int) -> None:
    """What is formatted is read as the same number of seconds."""
    seconds = milliseconds / 1000
    assert parse_duration(format_duration(seconds)) == pytest.approx(seconds, rel=1e-12)


@given(st.integers(0, 2**53))
def test_size_survives_a_round_trip(size: int) -> None:
    """What is formatted is read as the same number of bytes, exactly."""
    assert parse_size(format_size(size)) == size


@given(st.builds(Rate, st.integers(1, 10**9), st.integers(1, 10**7).map(float)))
def test_rate_survives_a_round_trip(rate: Rate) -> None:
    """What is formatted is read as the same rate."""
    assert parse_rate(format_rate(rate)) == rate
    assert str(rate) == format_rate(rate)


@given(st.integers(0, 10_000).map(lambda n: n / 10_000))
def test_share_survives_a_round_trip(share: float) -> None:
    """What is formatted is read as the same fraction."""
    assert parse_share(format_share(share)) == pytest.approx(share, abs=1e-12)


@pytest.mark.parametrize(("number", "text"), [(0, "0 routes"), (1, "1 route"), (2, "2 routes")])
def test_counted_is_plural_but_for_one(number: int, text: str) -> None:
    """One thing has the noun as it is."""
    assert text == counted(number, "route")


@given(st.text(max_size=40))
def test_parsers_any_text_raises_nothing_but_unit_error(text: str) -> None:
    """A text is read or refused with a UnitError of bounded length; nothing else comes out."""
    for parse in (parse_duration, parse_size, parse_rate, parse_share):
        try:
            parse(text)
        except UnitError as exc:
            assert len(str(exc)) < 500  # noqa: PT017  # most texts are refused, some are not


def test_format_duration_infinite_is_refused() -> None:
    """A duration without end has no notation."""
    with pytest.raises(UnitError):
        format_duration(float("inf"))
