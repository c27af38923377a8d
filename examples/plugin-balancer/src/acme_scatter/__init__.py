"""A vizgate plugin: ``balancer: {use: acme_scatter}`` takes turns, as ``round_robin`` does, but begins anywhere.

A hundred gateways that are started together do not all send their first request to the first target.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Set as AbstractSet

from vizgate import Balancer, BalancerConfig, Member


class Scatter(Balancer):
    """Takes turns; where it begins is chosen by chance whenever the members change."""

    Config = BalancerConfig
    contract_version = 1
    wants_load = False  # it looks at nothing but whose turn it is, so nobody has to count for it

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        super().update(members)
        # Chance comes from outside, so that a test can repeat it.
        first = self.context.random.randrange(len(members)) if members else 0
        self._queue = deque(member.index for member in (*members[first:], *members[:first]))

    def pick(self, excluded: AbstractSet[int] = frozenset(), key: int = 0) -> int | None:
        """See ``Balancer.pick``."""
        for index in self._queue:
            if index not in excluded:
                # Behind all others, those that were skipped included: none of them loses its turn.
                self._queue.remove(index)
                self._queue.append(index)
                return index
        return None
