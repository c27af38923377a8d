"""``Retry-After`` of an answer.

In: reading it. Not in: what follows from it (``retry.policy``).
"""

from __future__ import annotations

from datetime import UTC
from email.utils import parsedate_to_datetime


def seconds_of(value: str | None, wall_s: float) -> float | None:
    """How long the answer asks to wait, in seconds; None when it does not say, or says nothing that can be read.

    Args: wall_s: the time of day, seconds since the epoch.
    Source: RFC 9110 10.2.3.
    """
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        # Longer than any wait that would be made; int() of a text without end is slow.
        return float(text) if len(text) < 10 else float("inf")
    try:
        at = parsedate_to_datetime(text)
        # RFC 9110 5.6.7: the obsolete form of asctime has no zone; a date of HTTP is in UTC, wherever we are.
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return max(0.0, at.timestamp() - wall_s)
    except (ValueError, OverflowError):
        return None
