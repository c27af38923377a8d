"""When a worker that has died is replaced.

In: ``BackOff``; pure. Not in: replacing it (``workers.supervisor``).
"""

from __future__ import annotations

#: The second replacement waits so long, in seconds, each further one twice as long, up to ...
FIRST_S = 0.1
#: ... this.
MOST_S = 10.0
#: A worker that has lived so long did not die of its start.
GROWN_S = 60.0


class BackOff:
    """The waits of one place among the workers."""

    __slots__ = ("_deaths",)

    def __init__(self) -> None:
        self._deaths = 0

    def wait_s(self, lived_s: float) -> float:
        """How long to wait before who died after *lived_s* seconds is replaced: the first time not at all."""
        self._deaths = 1 if lived_s >= GROWN_S else self._deaths + 1
        if self._deaths == 1:
            return 0.0
        return min(FIRST_S * 2.0 ** min(self._deaths - 2, 30), MOST_S)

    def __repr__(self) -> str:
        return f"<BackOff [{self._deaths} deaths]>"
