"""Each target in turn.

In: ``RoundRobin``. Not in: weights (``balancer.weighted``).
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member


class RoundRobin(Balancer):
    """Picks the members in order, and after the last the first; an excluded one loses its turn to the next.

    Weights are not looked at. When the members change, the turn stays where it was.
    """

    wants_load = False

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._indexes: tuple[int, ...] = ()
        self._next = 0

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        turn = self._indexes[self._next] if self._indexes else 0
        super().update(members)
        self._indexes = tuple(sorted(member.index for member in members))
        at = bisect_left(self._indexes, turn)
        self._next = at if at < len(members) else 0

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``; constant time, plus one step for each excluded member passed over."""
        indexes = self._indexes
        count = len(indexes)
        if not count:
            return None
        position = self._next
        if excluded:
            for _ in range(count):
                if indexes[position] not in excluded:
                    break
                position = position + 1 if position + 1 < count else 0
            else:
                return None
        following = position + 1
        self._next = following if following < count else 0
        return indexes[position]
