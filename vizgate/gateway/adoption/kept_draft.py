"""What components of a plan that is being compiled want to find again.

In: ``KeptDraft``. Not in: what is kept for good (``extension.kept``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from vizgate.extension.kept import Keepable, Kept

_T = TypeVar("_T", bound=Keepable)


class KeptDraft(Kept):
    """What is in *kept* already, and else made anew; *kept* itself changes only when this is adopted."""

    def __init__(self, kept: Kept) -> None:
        super().__init__()
        self._kept = kept

    def find(self, kind: type[_T], name: str) -> _T | None:
        """See ``Kept.find``."""
        found = super().find(kind, name)
        return self._kept.find(kind, name) if found is None else found

    def get(self, kind: type[_T], name: str, make: Callable[[], _T], fits: Callable[[_T], bool] | None = None) -> _T:
        """See ``Kept.get``."""
        found = super().get(kind, name, make, fits)
        self._things[kind, name] = found
        return found

    def adopt(self) -> None:
        """Make it what is kept; what nobody has asked for is forgotten."""
        self._kept.replace(self._things)
