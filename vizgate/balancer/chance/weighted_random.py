"""A target by lot.

In: ``WeightedRandom``. Not in: drawing (``balancer.chance.lots``).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.balancer.chance.lots import Lots
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member


class WeightedRandom(Balancer):
    """Picks by chance, in proportion to weights, in constant time.

    Several gateways that do so keep no step with each other, as those do that begin their turns with the same target.
    """

    wants_load = False

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._lots = Lots((), self.context.random)

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        super().update(members)
        self._lots = Lots(members, self.context.random)

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``."""
        member = self._lots.one(excluded)
        return None if member is None else member.index
