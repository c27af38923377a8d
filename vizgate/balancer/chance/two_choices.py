"""The better one of two that were drawn by lot.

In: ``TwoChoices`` and ``PowerOfTwo``. Not in: comparing by latency (``balancer.chance.peak_ewma``).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.balancer.chance.lots import Lots
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member


class TwoChoices(Balancer):
    """Draws two members by weight and picks the one that costs less, the first when they cost the same.

    Nearly as even as looking at all of them, in constant time; and gateways that know only of their own requests do not
    all run to the same target, as they would to the one with the lowest cost of all.

    Source: M. Mitzenmacher, "The power of two choices in randomized load balancing", 2001.
    """

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._lots = Lots((), self.context.random)

    @abstractmethod
    def cost(self, member: Member) -> float:
        """What speaks against asking *member* now."""

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        super().update(members)
        self._lots = Lots(members, self.context.random)

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``."""
        first = self._lots.one(excluded)
        if first is None:
            return None
        second = self._lots.another(first, excluded)
        return first.index if second is None or self.cost(first) <= self.cost(second) else second.index


class PowerOfTwo(TwoChoices):
    """Of two members drawn by lot, the one with fewer requests in flight relative to its weight."""

    def cost(self, member: Member) -> float:
        """See ``TwoChoices.cost``."""
        return member.state.in_flight / member.weight
