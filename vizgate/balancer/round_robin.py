"""Each target in turn.

In: ``RoundRobin``. Not in: weights (``balancer.weighted``).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet

_NONE_EXCLUDED: frozenset[int] = frozenset()


class RoundRobin:
    """Picks targets 0, 1, ... in turn; an excluded one loses its turn to the next.

    Args: count: how many targets there are, at least 1.
    Raises: ValueError: *count* is less than 1.
    """

    __slots__ = ("_count", "_next")

    def __init__(self, count: int) -> None:
        if count < 1:
            raise ValueError("a balancer needs at least one target")
        self._count = count
        self._next = 0

    def pick(self, excluded: AbstractSet[int] = _NONE_EXCLUDED) -> int | None:
        """See ``Balancer.pick``; constant time, plus one step for each excluded target passed over."""
        index = self._next
        if excluded:
            for _ in range(self._count):
                if index not in excluded:
                    break
                index = index + 1 if index + 1 < self._count else 0
            else:
                return None
        following = index + 1
        self._next = following if following < self._count else 0
        return index

    def __repr__(self) -> str:
        return f"<RoundRobin [{self._count} targets, next {self._next}]>"
