"""What every balancing rule is.

In: the ``Balancer`` protocol. Not in: which target is healthy or was tried before (the caller excludes those), and the
rules themselves.
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Protocol


class Balancer(Protocol):
    """Chooses among targets numbered from 0; the same calls give the same choices.

    Not safe to share between threads; one event loop at a time owns it.
    """

    def pick(self, excluded: AbstractSet[int] = frozenset()) -> int | None:
        """The number of the target to try now, never one in *excluded*; None when every target is excluded."""
        ...
