"""Points in time as text: the ``Date`` field, RFC 3339 and the Common Log Format.

In: formatting with a cache of one second. Not in: where the time comes from (``clock``).
"""

from __future__ import annotations

from datetime import UTC, datetime

from vizgate.clock import Clock

# Not strftime's %a and %b: those follow the process's locale, and all three formats fix the English names.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MILLISECONDS = tuple(f".{number:03d}Z" for number in range(1000))
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def imf_fixdate(second: int) -> str:
    """*second* since the epoch as ``Sun, 06 Nov 1994 08:49:37 GMT``. Source: RFC 9110 5.6.7."""
    at = datetime.fromtimestamp(second, UTC)
    return f"{_DAYS[at.weekday()]}, {at.day:02d} {_MONTHS[at.month - 1]} {at.year:04d} {at:%H:%M:%S} GMT"


def common_log_time(second: int) -> str:
    """*second* since the epoch as ``06/Nov/1994:08:49:37 +0000``, the Common Log Format's time."""
    at = datetime.fromtimestamp(second, UTC)
    return f"{at.day:02d}/{_MONTHS[at.month - 1]}/{at.year:04d}:{at:%H:%M:%S} +0000"


class HttpDate:
    """The value of the ``Date`` field, formatted at most once a second."""

    __slots__ = ("_from_s", "_until_s", "_value", "_wall")

    def __init__(self, clock: Clock) -> None:
        self._wall = clock.wall
        # An empty interval: the first call formats.
        self._from_s = 0
        self._until_s = 0
        self._value = b""

    def value(self) -> bytes:
        """The present second; right also after the wall clock was set back."""
        now_s = self._wall()
        if not self._from_s <= now_s < self._until_s:
            self._from_s = int(now_s)
            self._until_s = self._from_s + 1
            self._value = imf_fixdate(self._from_s).encode("ascii")
        return self._value


class Rfc3339:
    """UTC times with milliseconds, ``1994-11-06T08:49:37.123Z``; the part up to the second is cached."""

    __slots__ = ("_prefix", "_second")

    def __init__(self) -> None:
        self._second = -1
        self._prefix = ""

    def text(self, seconds: float) -> str:
        """*seconds* since the epoch; what is finer than a millisecond is cut, so that no time is in the future."""
        second, millisecond = divmod(int(seconds * 1000), 1000)
        if second != self._second:
            self._prefix = f"{datetime.fromtimestamp(second, UTC):%Y-%m-%dT%H:%M:%S}"
            self._second = second
        return self._prefix + _MILLISECONDS[millisecond]
