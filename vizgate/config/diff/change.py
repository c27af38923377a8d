"""What a difference is.

In: ``Change``, and a short list of many. Not in: finding them (``config.diff.changes``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from vizgate.config.problems import Path, format_path
from vizgate.config.redact import HIDDEN


class ChangeKind(Enum):
    """What happened, and the sign that stands for it."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"

    @property
    def sign(self) -> str:
        """As in a list of differences: ``+``, ``-``, ``~``."""
        return {"added": "+", "removed": "-", "changed": "~"}[self.value]


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is different.

    ``path``: where, with routes by name, targets by URL, keys by id: ``("routes", "user", "timeout")``. ``old``,
    ``new``: what stood and stands there in the notation of the YAML, secrets hidden; "" for nothing. ``note``: what
    else there is to know.
    """

    kind: ChangeKind
    path: Path
    old: str = ""
    new: str = ""
    note: str = ""

    @property
    def place(self) -> str:
        """The path as people write it."""
        return format_path(self.path)

    def __str__(self) -> str:
        note = f" ({self.note})" if self.note else ""
        return f"{self.kind.sign} {self.place}: {self._told()}{note}"

    def _told(self) -> str:
        if self.kind is not ChangeKind.CHANGED:
            return self.new or self.old
        return "another secret" if HIDDEN in {self.old, self.new} else f"{self.old} -> {self.new}"


def short_list(changes: Sequence[Change], limit: int = 10) -> list[str]:
    """*changes* as lines; how many more there are is the last when they are over *limit*."""
    lines = [str(change) for change in changes[:limit]]
    return [*lines, f"and {len(changes) - limit} more"] if len(changes) > limit else lines
