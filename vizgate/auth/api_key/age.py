"""Keys that should be replaced.

In: ``old_keys``. Not in: telling about them (``auth.api_key.upkeep``, ``config.audit``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime

from vizgate.auth.api_key.config import KeyConfig

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class OldKey:
    """A key that works and is ``days`` old."""

    id: str
    days: int


def old_keys(keys: Iterable[KeyConfig], max_age_s: float, now_s: float) -> list[OldKey]:
    """Those of *keys* that work and are older than *max_age_s*. Args: now_s: seconds since the epoch.

    A key whose ``created`` is not known has no age.
    """
    today = datetime.fromtimestamp(now_s, UTC).date()
    found = []
    for key in keys:
        if key.created is None or key.disabled or _has_expired(key, today):
            continue
        days = (today - key.created).days
        if days * DAY_S > max_age_s:
            found.append(OldKey(key.id, days))
    return found


def _has_expired(key: KeyConfig, today: date) -> bool:
    return key.expires is not None and key.expires < today
