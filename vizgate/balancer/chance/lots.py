"""Members drawn by lot, in proportion to their weights.

In: ``Lots``. Not in: what is done with the ones that were drawn (the rules beside this).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from collections.abc import Set as AbstractSet

from vizgate.extension.kinds.balancer import Member

# With half of the weight excluded, one draw in a thousand is not good after as many.
_DRAWS = 10
# With two equal members, one draw of a second in sixteen finds no other one.
_DRAWS_OF_ANOTHER = 4


class Lots:
    """The drum that *members* are drawn from; a draw takes constant time.

    Source: the alias method, M. D. Vose, "A linear algorithm for generating random numbers with a given distribution",
    IEEE Transactions on Software Engineering 17 (1991).
    """

    __slots__ = ("_aliases", "_cuts", "_members", "_random")

    def __init__(self, members: Sequence[Member], chance: random.Random) -> None:
        self._members = tuple(members)
        self._random = chance.random
        self._cuts, self._aliases = _alias_table([member.weight for member in members])

    def one(self, excluded: AbstractSet[int]) -> Member | None:
        """A member that is not *excluded*; None when there is none."""
        if not self._members:
            return None
        drawn = self._draw()
        if not excluded or drawn.index not in excluded:
            return drawn
        for _ in range(_DRAWS):
            drawn = self._draw()
            if drawn.index not in excluded:
                return drawn
        return self._one_of([member for member in self._members if member.index not in excluded])

    def another(self, than: Member, excluded: AbstractSet[int]) -> Member | None:
        """A second one to compare *than* with; None when a few draws have found none."""
        for _ in range(_DRAWS_OF_ANOTHER):
            drawn = self._draw()
            if drawn is not than and drawn.index not in excluded:
                return drawn
        return None

    def _draw(self) -> Member:
        at = self._random() * len(self._members)
        slot = int(at)
        return self._members[slot if at - slot < self._cuts[slot] else self._aliases[slot]]

    def _one_of(self, members: Sequence[Member]) -> Member | None:
        at = self._random() * sum(member.weight for member in members)
        for member in members:
            at -= member.weight
            if at < 0:
                return member
        return members[-1] if members else None

    def __repr__(self) -> str:
        return f"<Lots [{len(self._members)} members]>"


def _alias_table(weights: Sequence[float]) -> tuple[list[float], list[int]]:
    """Slots of equal size: each belongs to its own member up to the cut, and from there to its alias."""
    count = len(weights)
    total = sum(weights)
    cuts = [weight * count / total for weight in weights]
    aliases = list(range(count))
    small = [index for index, cut in enumerate(cuts) if cut < 1.0]
    large = [index for index, cut in enumerate(cuts) if cut >= 1.0]
    while small and large:
        low, high = small.pop(), large[-1]
        aliases[low] = high
        cuts[high] -= 1.0 - cuts[low]
        if cuts[high] < 1.0:
            small.append(large.pop())
    # What is left is full but for rounding.
    for index in (*small, *large):
        cuts[index] = 1.0
    return cuts, aliases
