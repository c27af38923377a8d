"""``Retry-After`` of an answer.

In: reading it. Not in: what follows from it (``retry.policy``).
"""

from __future__ import annotations

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
        return max(0.0, parsedate_to_datetime(text).timestamp() - wall_s)
    except (ValueError, OverflowError):
        return None
