"""Whether versions are kept as long as their users were promised.

In: ``audit_versions``, a pure rule: what is configured and today in, warnings out. Not in: showing them (``cli``).

The promise: beside the newest version, the one before it (N-1) goes on working, and whoever uses it learns of its end
at least six months ahead.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from vizgate.versions.config import VersionConfig

#: How long the version before the newest must still have, in months.
NOTICE_MONTHS = 6

_NUMBER = re.compile(r"\d+")
# The version that a successor's path or URL names: /api/v2/ or https://api.example.com/v2.
_IN_PATH = re.compile(r"/v?(\d+(?:\.\d+)*)(?=[/?#]|\Z)")

_Order = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class VersionWarning:
    """What is not as promised about the version *name*; ``message`` is a sentence with a remedy."""

    name: str
    message: str


def audit_versions(versions: Mapping[str, VersionConfig], today: date) -> tuple[VersionWarning, ...]:
    """What breaks the promise today.

    Versions are ordered by the numbers in their names; the newest is the highest one that is configured or that a
    ``successor`` leads to. Of those below, the highest is looked at.

    Args: versions: the part ``versions`` of the configuration. today: a day in UTC.
    """
    known = {order: name for name in versions if (order := _order(name))}
    if not known:
        return ()
    newest = max([*known, *filter(None, (_successor(config) for config in versions.values()))])
    older = [order for order in known if order < newest]
    if not older:
        return ()
    name = known[max(older)]
    message = _shortcoming(versions[name].sunset, today)
    return (VersionWarning(name, f"version {name}, the one before the newest, {message}"),) if message else ()


def _shortcoming(sunset: date | None, today: date) -> str:
    if sunset is None or sunset >= add_months(today, NOTICE_MONTHS):
        return ""
    remedy = f"Its users are promised {NOTICE_MONTHS} months: move its sunset to {add_months(today, NOTICE_MONTHS)}"
    if sunset <= today:
        return f"is gone since {sunset}. {remedy}"
    return f"has {(sunset - today).days} days left, until {sunset}. {remedy}"


def add_months(day: date, months: int) -> date:
    """The same day *months* later; the last of the month where there is no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _order(name: str) -> _Order:
    return tuple(map(int, _NUMBER.findall(name)))


def _successor(config: VersionConfig) -> _Order | None:
    found = _IN_PATH.search(config.successor) if config.successor else None
    return _order(found[1]) if found else None
