"""Each target in turn, as often as its weight says, spread out.

In: ``WeightedRoundRobin``. Not in: where weights come from (the configuration, and slow start in
``pipeline.target_set``).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.balancer.turns import FairTurns
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member

# A cycle of this length is 32 KiB and takes a few milliseconds to lay out for ten targets.
_MAX_CYCLE = 4096
# Laying one out costs so many steps at most: about 10 ms.
_MAX_STEPS = 100_000


class WeightedRoundRobin(Balancer):
    """Smooth weighted round robin: weights 5, 1, 1 give a a b a c a a, not a a a a a b c.

    The picks repeat after ``sum(weights) / gcd(weights)`` of them; a short cycle is laid out beforehand and read in
    constant time. With a long one, with weights that are not whole numbers, and for picks with somebody excluded, it is
    ``FairTurns``, in O(log n).

    Source: nginx, ``ngx_http_upstream_get_peer`` (the change "smooth weighted round-robin balancing", 2012).
    """

    wants_load = False

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._weights: tuple[tuple[int, float], ...] = ()
        self._cycle: tuple[int, ...] = ()
        self._position = 0
        self._turns = FairTurns()

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``. Raises: ValueError: a weight that is not above 0."""
        if any(member.weight <= 0 for member in members):
            raise ValueError("a weight is a number above 0")
        super().update(members)
        weights = tuple((member.index, member.weight) for member in members)
        if weights == self._weights:
            return
        self._weights = weights
        self._cycle = lay_out(weights)
        self._position = 0
        self._turns.update(weights)

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``; the share of excluded members goes to the others by their weights."""
        cycle = self._cycle
        if excluded or not cycle:
            return self._turns.take(excluded)
        position = self._position
        following = position + 1
        self._position = following if following < len(cycle) else 0
        return cycle[position]

    def __repr__(self) -> str:
        weights = ":".join(f"{weight:g}" for _, weight in self._weights)
        return f"<WeightedRoundRobin [weights {weights}, {len(self._cycle)} picks laid out]>"


def lay_out(weights: Sequence[tuple[int, float]]) -> tuple[int, ...]:
    """Every pick of nginx's algorithm until they repeat; empty when there are too many, or they never do.

    In each step everyone gains its weight, the richest is picked and pays what all have gained.
    """
    divisor = _divisor([weight for _, weight in weights])
    shares = [(index, weight / divisor) for index, weight in weights]
    gained = math.fsum(share for _, share in shares)
    if not gained.is_integer() or gained > _MAX_CYCLE or gained * len(shares) > _MAX_STEPS:
        return ()
    credit_of = dict.fromkeys((index for index, _ in shares), 0.0)
    picks = []
    for _ in range(int(gained)):
        for index, share in shares:
            credit_of[index] += share
        best = max(credit_of, key=credit_of.__getitem__)
        credit_of[best] -= gained
        picks.append(best)
    return tuple(picks)


def _divisor(weights: Sequence[float]) -> float:
    """The greatest common divisor of whole numbers; 1 when they are not."""
    if not weights or not all(float(weight).is_integer() for weight in weights):
        return 1.0
    return float(math.gcd(*(int(weight) for weight in weights)))
