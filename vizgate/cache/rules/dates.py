"""Dates in header fields.

In: reading the three forms that HTTP has. Not in: writing them (``observe.date``).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime

_MONTH_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_MONTH_NAMES, 1)}
_MONTH = "(?P<month>" + "|".join(_MONTHS) + ")"
_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_SHORT = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)"
_LONG = "(?:Monday|Tuesday|Wednesday|Thursday|Friday|Saturday|Sunday)"
#: RFC 9110 5.6.7: IMF-fixdate, and the obsolete forms of RFC 850 and asctime, which recipients MUST accept.
_FORMS = (
    re.compile(rf"{_SHORT}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT"),
    re.compile(rf"{_LONG}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT"),
    re.compile(rf"{_SHORT} {_MONTH} (?P<day>[0-9 ][0-9]) {_TIME} (?P<year>[0-9]{{4}})"),
)
_YEARS_AHEAD = 50


def read_date(value: bytes | None, now_s: float) -> float | None:
    """*value* in seconds since the epoch; None when it is no date of HTTP, or not there.

    Args: now_s: seconds since the epoch, for years of two digits: none is more than 50 years ahead (RFC 9110 5.6.7).
    """
    if value is None:
        return None
    text = value.decode("latin-1")
    match = next((found for form in _FORMS if (found := form.fullmatch(text)) is not None), None)
    if match is None:
        return None
    year = int(match["year"])
    if len(match["year"]) == 2:
        year = _full_year(year, now_s)
    day, hour, minute, second = (int(match[part]) for part in ("day", "hour", "minute", "second"))
    try:
        at = datetime(year, _MONTHS[match["month"]], day, hour, minute, 0, tzinfo=UTC)
    except ValueError:
        return None
    # 60 is a leap second.
    return at.timestamp() + second if second <= 60 else None


def _full_year(two_digits: int, now_s: float) -> int:
    this_year = datetime.fromtimestamp(now_s, UTC).year
    year = this_year - this_year % 100 + two_digits
    return year - 100 if year > this_year + _YEARS_AHEAD else year
