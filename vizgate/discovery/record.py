"""What is known of a source: its last good answer, how old that is, and when to ask again after a failure.

In: ``SourceRecord``, a rule over moments that are given to it. Not in: asking (``gateway.discovering``).
"""

from __future__ import annotations

from random import Random
from typing import Literal

from vizgate.extension.kinds.discovery import MAX_TARGETS, Discovered, DiscoveredTarget

_FIRST_RETRY_S = 0.5
_LONGEST_RETRY_S = 30.0
NO_TARGETS = "the answer has no targets; the last ones are kept"


class SourceRecord:
    """The state of one source; all moments in monotonic seconds.

    ``targets``: those to use, None before the first answer. ``answers``, ``failures``: how many there were;
    ``in_a_row``: failures since the last good answer. ``error``: what is wrong now, "" when nothing is.

    Args: on_empty: see ``DiscoveryConfig``. chance: keeps many gateways from asking in one moment.
    """

    def __init__(self, on_empty: Literal["keep", "accept"], chance: Random) -> None:
        self.targets: tuple[DiscoveredTarget, ...] | None = None
        self.answers = 0
        self.failures = 0
        self.in_a_row = 0
        self.error = ""
        self._used: tuple[DiscoveredTarget, ...] | None = None
        self._on_empty = on_empty
        self._chance = chance
        self._good_at_s: float | None = None

    def answered(self, answer: Discovered, now_s: float) -> bool:
        """Take *answer*; whether the targets to use have changed by it."""
        if not answer.targets and self.targets and self._on_empty == "keep":
            # Neither a success, as nothing of it is used, nor a reason to ask more often.
            self.error = NO_TARGETS
            return False
        if len(answer.targets) > MAX_TARGETS:
            self._count(f"the answer has more than {MAX_TARGETS} targets")
            return False
        self.answers += 1
        self.in_a_row = 0
        self.error = ""
        self._good_at_s = now_s
        if self._used == answer.targets:
            return False
        before, self.targets, self._used = self.targets, unique(answer.targets), answer.targets
        return before != self.targets

    def failed(self, error: str) -> float:
        """Take note that there was no answer because of *error*; after how many seconds to ask again."""
        wait_s = min(_FIRST_RETRY_S * 2.0 ** min(self.in_a_row, 10), _LONGEST_RETRY_S)
        self._count(error)
        return wait_s * self._chance.uniform(0.75, 1.25)

    def _count(self, error: str) -> None:
        self.failures += 1
        self.in_a_row += 1
        self.error = error

    def age_s(self, now_s: float) -> float | None:
        """How old the last good answer is; None as long as there was none."""
        return None if self._good_at_s is None else max(0.0, now_s - self._good_at_s)

    def __repr__(self) -> str:
        known = "no answer yet" if self.targets is None else f"{len(self.targets)} targets"
        return f"<SourceRecord [{known} | failures in a row: {self.in_a_row}]>"


def unique(targets: tuple[DiscoveredTarget, ...]) -> tuple[DiscoveredTarget, ...]:
    """*targets*, of those with one address the first, in an order that does not depend on that of the answer."""
    # Answers of the DNS come in another order every time, which is no change.
    first: dict[tuple[str, int], DiscoveredTarget] = {}
    for target in targets:
        first.setdefault((target.host, target.port), target)
    return tuple(first[key] for key in sorted(first))
