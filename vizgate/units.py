"""Durations, sizes, rates and shares as people write them: ``2s``, ``64KiB``, ``100/minute``, ``50%``.

In: parsing to plain numbers, formatting back, and counts of things. Not in: the pydantic field types
(``extension.values.fields``).
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from vizgate.errors import UnitError

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

_DURATION = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?(ms|s|m|h|d)", re.ASCII)
_SIZE = re.compile(r"(\d{1,16}(?:\.\d{1,9})?) ?(B|KiB|MiB|GiB)?", re.ASCII)
_DECIMAL_SIZE = re.compile(r"(\d+(?:\.\d+)?) ?([kmg])i?b?", re.ASCII | re.IGNORECASE)
_RATE = re.compile(r"(\d{1,15}) ?/ ?(.+)", re.ASCII)
_SHARE = re.compile(r"(\d{1,3}(?:\.\d{1,9})?) ?%", re.ASCII)
_BARE_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"GiB": GIB, "MiB": MIB, "KiB": KIB, "B": 1}
_PERIODS = {
    "second": 1.0, "sec": 1.0, "s": 1.0,
    "minute": 60.0, "min": 60.0, "m": 60.0,
    "hour": 3600.0, "h": 3600.0,
    "day": 86400.0, "d": 86400.0,
}  # fmt: skip
# About 317 years and 8 PiB: over them a number is a slip of the keyboard, and floats and C longs stay exact.
_MAX_SECONDS = 1e10
_MAX_BYTES = 2**53


@dataclass(frozen=True, slots=True)
class Rate:
    """*count* events per *period_s* seconds; both are positive."""

    count: int
    period_s: float

    def __str__(self) -> str:
        return format_rate(self)


def parse_duration(text: str) -> float:
    """Seconds of ``500ms``, ``2s``, ``1.5m``, ``1h``, ``7d`` or ``0``.

    Raises: UnitError: anything else; a number without a unit, too, because its unit would be a guess.
    """
    stripped = text.strip()
    match = _DURATION.fullmatch(stripped)
    if match is None:
        if _BARE_NUMBER.fullmatch(stripped) is None:
            raise UnitError(f"{_shown(text)} is not a duration. Write a number and ms, s, m, h or d, for example '30s'")
        if float(stripped) == 0:
            return 0.0
        raise UnitError(
            f"{_shown(text)} has no unit. Write ms, s, m, h or d after it, for example '{_short(stripped)}s'"
        )
    number, unit = match.groups()
    # Milliseconds are divided, not multiplied by 0.001, so that "1ms" is the float that 0.001 is.
    seconds = float(number) / 1000 if unit == "ms" else float(number) * _SECONDS[unit]
    if seconds > _MAX_SECONDS:
        raise UnitError(f"{_shown(text)} is too long. Write a duration of at most 100000d")
    return seconds


def parse_size(text: str) -> int:
    """Bytes of ``512``, ``512B``, ``64KiB``, ``1.5MiB`` or ``1GiB``; powers of 1024.

    Raises: UnitError: anything else; ``KB`` and ``MB``, too, because they mean different things to different people.
    """
    match = _SIZE.fullmatch(text.strip())
    if match is None:
        raise UnitError(f"{_shown(text)} is not a size. {_size_remedy(text.strip())}")
    number, unit = match.groups()
    size = float(number) * _BYTES[unit or "B"]
    if size > _MAX_BYTES or not size.is_integer():
        raise UnitError(f"{_shown(text)} is not a whole number of bytes up to 8388608GiB. Write for example '64KiB'")
    return int(size)


def _size_remedy(text: str) -> str:
    match = _DECIMAL_SIZE.fullmatch(text)
    if match is None:
        return "Write a number and B, KiB, MiB or GiB, for example '64KiB'"
    number, unit = match.groups()
    return f"Did you mean '{_short(number)}{unit.upper()}iB'?"


def parse_rate(text: str) -> Rate:
    """The rate of ``100/minute``, ``5/s`` or ``10/2s``: a count, then second, minute, hour, day or a duration.

    Raises: UnitError: anything else, and a count or a period of zero.
    """
    match = _RATE.fullmatch(text.strip())
    if match is None:
        raise UnitError(
            f"{_shown(text)} is not a rate. Write a count and a period, for example '100/minute' or '10/2s'"
        )
    count, period_s = int(match[1]), _period(match[2].strip(), text)
    if count == 0 or period_s == 0:
        raise UnitError(f"{_shown(text)} never lets anything through. Write a count and a period above zero")
    return Rate(count, period_s)


def _period(text: str, rate: str) -> float:
    named = _PERIODS.get(text)
    if named is not None:
        return named
    try:
        return parse_duration(text)
    except UnitError:
        raise UnitError(
            f"{_shown(rate)} is not a rate. After the slash write second, minute, hour, day or a duration such as 2s"
        ) from None


def parse_share(text: str) -> float:
    """The fraction, 0.0 to 1.0, that ``0%`` to ``100%`` stand for.

    Raises: UnitError: anything else; a number without ``%``, too: is 1 all or a hundredth?
    """
    match = _SHARE.fullmatch(text.strip())
    if match is None or float(match[1]) > 100:
        raise UnitError(f"{_shown(text)} is not a share. Write a percentage from 0% to 100%")
    return float(match[1]) / 100


def format_duration(seconds: float) -> str:
    """The shortest text that ``parse_duration`` reads as *seconds* (up to rounding below a nanosecond)."""
    if seconds and seconds < 1:
        return f"{_decimal(seconds * 1000)}ms"
    for unit in ("d", "h", "m"):
        if seconds and seconds % _SECONDS[unit] == 0:
            return f"{_decimal(seconds / _SECONDS[unit])}{unit}"
    return f"{_decimal(seconds)}s"


def format_size(size: int) -> str:
    """The text, with the largest whole unit, that ``parse_size`` reads as *size*."""
    for unit, factor in _BYTES.items():
        if size and size % factor == 0:
            return f"{size // factor}{unit}"
    return "0"


def format_rate(rate: Rate) -> str:
    """The text that ``parse_rate`` reads as *rate*."""
    for name in ("second", "minute", "hour", "day"):
        if _PERIODS[name] == rate.period_s:
            return f"{rate.count}/{name}"
    return f"{rate.count}/{format_duration(rate.period_s)}"


def format_share(share: float) -> str:
    """The text that ``parse_share`` reads as *share* (up to rounding at the ninth decimal)."""
    return f"{_decimal(share * 100)}%"


def counted(number: int, noun: str) -> str:
    """*number* and *noun*, in the plural where it must be: ``1 route``, ``2 routes``."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _decimal(number: float) -> str:
    if not math.isfinite(number):
        raise UnitError(f"{number} cannot be written")
    return f"{number:.9f}".rstrip("0").rstrip(".")


def _short(number: str) -> str:
    return number if len(number) <= 20 else f"{number[:20]}..."


def _shown(text: str) -> str:
    """*text* for a message: quoted, escaped and bounded, because it may be anything."""
    return repr(text if len(text) <= 60 else f"{text[:60]}...")
