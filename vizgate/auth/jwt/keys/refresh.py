"""When keys are fetched.

In: ``RefreshSchedule``: a rule over moments that are given to it. Not in: fetching (``keys.provider``).
"""

from __future__ import annotations

from math import inf
from random import Random

_FIRST_RETRY_S = 1.0
_LONGEST_RETRY_S = 60.0
#: So much of the time that keys are good for may pass before they are fetched again.
_EARLY = 0.9


class RefreshSchedule:
    """The next fetch, all moments in monotonic seconds.

    ``due_s``: when it should begin by itself; at once in the beginning. ``failures``: fetches in a row without keys.

    Args: refresh_s: how long keys are good for, unless their publisher says less. cooldown_s: the least time between
    two fetches of which a token was the cause, and the least that a publisher's word can make of *refresh_s*.
    chance: keeps many gateways from asking in the same moment.
    """

    def __init__(self, refresh_s: float, cooldown_s: float, chance: Random) -> None:
        self._refresh_s = refresh_s
        self._cooldown_s = cooldown_s
        self._chance = chance
        self._last_s = -inf
        self.due_s = -inf
        self.failures = 0

    def may_fetch_early(self, now_s: float) -> bool:
        """Whether an unknown key is reason enough to fetch before it is due."""
        return now_s - self._last_s >= self._cooldown_s

    def began(self, now_s: float) -> None:
        """A fetch begins."""
        self._last_s = now_s

    def succeeded(self, now_s: float, max_age_s: float | None = None) -> None:
        """It brought keys. Args: max_age_s: how long its answer may be kept (RFC 9111 5.2.2.1), None if unsaid."""
        self.failures = 0
        good_s = self._refresh_s if max_age_s is None else min(self._refresh_s, max_age_s)
        self.due_s = now_s + max(good_s * self._chance.uniform(_EARLY - 0.1, _EARLY), self._cooldown_s)

    def failed(self, now_s: float) -> None:
        """It did not: the old keys serve on, and the next try comes after a wait that doubles each time."""
        wait_s = min(_FIRST_RETRY_S * 2.0 ** min(self.failures, 10), _LONGEST_RETRY_S)
        self.failures += 1
        self.due_s = now_s + wait_s * self._chance.uniform(0.75, 1.25)
