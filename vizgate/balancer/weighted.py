"""Each target in turn, as often as its weight says, spread out.

In: ``WeightedRoundRobin``. Not in: where weights come from (the configuration, and slow start in
``pipeline.target_set``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.extension.balancer import NONE_EXCLUDED, Balancer, Member
from vizgate.extension.contract import Context

# A cycle of this length is 32 KiB and takes a few milliseconds to lay out for ten targets.
_MAX_CYCLE = 4096


class WeightedRoundRobin(Balancer):
    """Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.

    With nothing excluded the picks repeat after ``sum(weights) / gcd(weights)`` of them; a cycle of up to 4,096 is laid
    out beforehand and read in constant time. Otherwise, and with weights that are not whole numbers, a pick costs one
    step for each member.

    Source: nginx, ``ngx_http_upstream_get_peer`` (the change "smooth weighted round-robin balancing", 2012).
    """

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._weights: tuple[tuple[int, float], ...] = ()
        self._credit: dict[int, float] = {}
        self._cycle: tuple[int, ...] = ()
        self._position = 0

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``. Raises: ValueError: a weight that is not above 0."""
        if any(member.weight <= 0 for member in members):
            raise ValueError("a weight is a number above 0")
        super().update(members)
        divisor = _divisor([member.weight for member in members])
        self._weights = tuple((member.index, member.weight / divisor) for member in members)
        self._credit = dict.fromkeys((member.index for member in members), 0.0)
        self._cycle = self._lay_out()
        self._position = 0

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``; the share of excluded members goes to the others by their weights."""
        cycle = self._cycle
        if excluded or not cycle:
            return self._step(excluded)
        position = self._position
        following = position + 1
        self._position = following if following < len(cycle) else 0
        return cycle[position]

    def _lay_out(self) -> tuple[int, ...]:
        """Every pick until all credit is zero again and they repeat; empty when there are too many, or never."""
        length = math.fsum(weight for _, weight in self._weights)
        if not length.is_integer() or length > _MAX_CYCLE:
            return ()
        picks = [self._step(NONE_EXCLUDED) for _ in range(int(length))]
        return tuple(pick for pick in picks if pick is not None)

    def _step(self, excluded: AbstractSet[int]) -> int | None:
        """One step of the algorithm: everyone gains its weight, the richest is picked and pays what all gained."""
        credit_of = self._credit
        best, richest, gained = -1, 0.0, 0.0
        for index, weight in self._weights:
            if index in excluded:
                continue
            gained += weight
            credit = credit_of[index] = credit_of[index] + weight
            if best < 0 or credit > richest:
                best, richest = index, credit
        if best < 0:
            return None
        credit_of[best] = richest - gained
        return best

    def __repr__(self) -> str:
        weights = ":".join(f"{weight:g}" for _, weight in self._weights)
        return f"<WeightedRoundRobin [weights {weights}, {len(self._cycle)} picks laid out]>"


def _divisor(weights: Sequence[float]) -> float:
    """The greatest common divisor of whole numbers; 1 when they are not."""
    if not weights or not all(float(weight).is_integer() for weight in weights):
        return 1.0
    return float(math.gcd(*(int(weight) for weight in weights)))
