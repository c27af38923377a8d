"""A balancing rule of one's own: targets are dealt like cards.

In: ``Deck``. Everybody is asked once a round, in an order that is new each time, so that two gateways do not keep step.
"""

from __future__ import annotations

from pydantic import Field

from vizgate import Balancer, BalancerConfig, Member


class DeckConfig(BalancerConfig):
    """What stands beside ``use:``."""

    packs: int = Field(default=1, ge=1, le=100)


class Deck(Balancer):
    """Shuffles all targets, deals them one by one, and shuffles again."""

    Config = DeckConfig
    wants_load = False  # it looks at nothing but its cards, so nobody has to count for it

    def update(self, members: tuple[Member, ...]) -> None:
        """Take new cards."""
        super().update(members)
        self._cards: list[int] = []

    def pick(self, excluded=frozenset(), key=0):
        """The next card that is not excluded; None when there is none."""
        return self._deal(excluded) if any(card not in excluded for card in self._cards) else self._new_round(excluded)

    def _deal(self, excluded):
        at = next(at for at in reversed(range(len(self._cards))) if self._cards[at] not in excluded)
        return self._cards.pop(at)

    def _new_round(self, excluded):
        self._cards = [member.index for member in self.members] * self.config.packs
        # Chance comes from outside, so that a test can repeat it.
        self.context.random.shuffle(self._cards)
        return self._deal(excluded) if any(card not in excluded for card in self._cards) else None
