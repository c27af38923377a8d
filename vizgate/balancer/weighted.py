"""Each target in turn, as often as its weight says, spread out.

In: ``WeightedRoundRobin``. Not in: weights that change while serving; a changed weight is a new balancer.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

# A cycle of this length is 32 KiB and takes a few milliseconds to lay out for ten targets.
_MAX_CYCLE = 4096
_NONE_EXCLUDED: frozenset[int] = frozenset()


class WeightedRoundRobin:
    """Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.

    With nothing excluded the picks repeat after ``sum(weights) / gcd(weights)`` of them; a cycle of up to 4,096 is laid
    out beforehand and read in constant time. Otherwise a pick costs one step for each target.

    Args: weights: one positive whole number for each target.
    Raises: ValueError: no weights, or one below 1.
    Source: nginx, ``ngx_http_upstream_get_peer`` (the change "smooth weighted round-robin balancing", 2012).
    """

    __slots__ = ("_current", "_cycle", "_position", "_weights")

    def __init__(self, weights: Sequence[int]) -> None:
        if not weights:
            raise ValueError("a balancer needs at least one target")
        if min(weights) < 1:
            raise ValueError("a weight is a whole number of at least 1")
        divisor = math.gcd(*weights)
        self._weights = tuple(weight // divisor for weight in weights)
        self._current = [0] * len(weights)
        self._cycle = self._lay_out()
        self._position = 0

    def pick(self, excluded: AbstractSet[int] = _NONE_EXCLUDED) -> int | None:
        """See ``Balancer.pick``; the share of excluded targets goes to the others by their weights."""
        cycle = self._cycle
        if excluded or not cycle:
            return self._step(excluded)
        position = self._position
        following = position + 1
        self._position = following if following < len(cycle) else 0
        return cycle[position]

    def _lay_out(self) -> tuple[int, ...]:
        """Every pick until ``_current`` is all zero again and they repeat; empty when there are too many."""
        length = sum(self._weights)
        if length > _MAX_CYCLE:
            return ()
        picks = [self._step(_NONE_EXCLUDED) for _ in range(length)]
        return tuple(pick for pick in picks if pick is not None)

    def _step(self, excluded: AbstractSet[int]) -> int | None:
        """One step of the algorithm: everyone gains its weight, the richest is picked and pays what all gained."""
        current = self._current
        best, richest, gained = -1, 0, 0
        for index, weight in enumerate(self._weights):
            if index in excluded:
                continue
            gained += weight
            credit = current[index] = current[index] + weight
            if best < 0 or credit > richest:
                best, richest = index, credit
        if best < 0:
            return None
        current[best] = richest - gained
        return best

    def __repr__(self) -> str:
        weights = ":".join(map(str, self._weights))
        return f"<WeightedRoundRobin [weights {weights}, {len(self._cycle)} picks laid out]>"
