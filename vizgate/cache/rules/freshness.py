"""How long a response is fresh, and how old it is.

In: the arithmetic of RFC 9111 4.2. Not in: what may be done with a response that is not fresh (``rules.reuse``).
"""

from __future__ import annotations

from typing import NamedTuple

from vizgate.cache.rules.dates import read_date
from vizgate.cache.rules.directives import MAX_SECONDS, Directives, seconds_of
from vizgate.message.headers import Headers

#: RFC 9110 15.1: statuses whose responses may be given a lifetime that they do not tell.
HEURISTIC = frozenset({200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501})


class Lifetime(NamedTuple):
    """``seconds``: from when it was made; ``is_told``: whether the response says so itself."""

    seconds: float
    is_told: bool


class Received(NamedTuple):
    """When a request was sent and its response came: monotonic seconds, and the response in seconds since the epoch."""

    request_s: float
    response_s: float
    response_wall_s: float


def lifetime_of(directives: Directives, headers: Headers, received_wall_s: float) -> Lifetime | None:
    """The lifetime that a response tells a shared cache, None when it tells none.

    Source: RFC 9111 4.2.1, first match: s-maxage, max-age, Expires minus Date.
    """
    for name in ("s-maxage", "max-age"):
        seconds = seconds_of(directives, name)
        if seconds is not None:
            return Lifetime(float(seconds), is_told=True)
    lines = headers.get_all("Expires")
    if not lines:
        return None
    # RFC 9111 5.3: "A cache recipient MUST interpret invalid date formats, especially the value "0", as representing a
    # time in the past".
    expires_s = read_date(lines[0].encode("latin-1"), received_wall_s) if len(set(lines)) == 1 else None
    if expires_s is None:
        return Lifetime(0.0, is_told=True)
    date_s = read_date(headers.get_bytes(b"date"), received_wall_s)
    start_s = received_wall_s if date_s is None else date_s
    return Lifetime(min(max(0.0, expires_s - start_s), float(MAX_SECONDS)), is_told=True)


def initial_age_s(headers: Headers, received: Received) -> float:
    """How old a response was when it came. Source: RFC 9111 4.2.3, corrected_initial_age."""
    date_s = read_date(headers.get_bytes(b"date"), received.response_wall_s)
    apparent_s = 0.0 if date_s is None else max(0.0, received.response_wall_s - date_s)
    delay_s = received.response_s - received.request_s
    return max(apparent_s, _told_age_s(headers) + delay_s)


def _told_age_s(headers: Headers) -> float:
    """``Age``: the first member of what stands there, 0 when that is no number (RFC 9111 5.1)."""
    value = (headers.get_bytes(b"age") or b"").partition(b",")[0].strip(b" \t")
    if not value.isdigit():
        return 0.0
    return float(min(int(value), MAX_SECONDS)) if len(value) <= 10 else float(MAX_SECONDS)
