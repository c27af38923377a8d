"""The target that the key of a request belongs to.

In: ``ConsistentHash``. Not in: the ring (``balancer.hashing.ring``) and keys (``balancer.hashing.key``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from typing import ClassVar

from vizgate.balancer.config import HashConfig
from vizgate.balancer.hashing.ring import MAX_TARGETS, POINTS, Ring
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member


class ConsistentHash(Balancer):
    """Picks the same member for the same key, in O(log n). A member that comes or goes takes or leaves its own keys
    only: of ten, one more gets about an eleventh of each one's.

    No member has more in flight than ``load`` times its share; what is over that goes to the next one on the ring, and
    comes back when there is room.

    Source: Karger et al., "Consistent hashing and random trees", STOC 1997; Mirrokni, Thorup and Zadimoghaddam,
    "Consistent hashing with bounded loads", SODA 2018.
    """

    Config: ClassVar[type[ComponentConfig]] = HashConfig
    wants_key = True

    def __init__(self, config: HashConfig | None = None, context: Context | None = None) -> None:
        settings = HashConfig(on="ip") if config is None else config
        super().__init__(settings, context)
        self.hash_on = settings.on
        self._load = settings.load
        self._ring = Ring()
        self._heaviest = 0.0
        # Of every target that has ever been a member, counted here: an attempt ends where it began.
        self._in_flight: Counter[int] = Counter()
        self._shares: dict[int, float] = {}
        self._total = 0

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``. Raises: ValueError: an index is too high."""
        if any(member.index >= MAX_TARGETS for member in members):
            raise ValueError(f"hashing is over {MAX_TARGETS} targets at most")
        super().update(members)
        # The highest of all times, so that points do not move when the heaviest member is away.
        self._heaviest = max([self._heaviest, *(member.weight for member in members)])
        if members:
            self._ring.update(self._points_of(members))
        # Without any the ring stays as it is: they will be back, and all their points take long to make.
        for member in members:
            self._in_flight.setdefault(member.index, 0)
        weight = sum(member.weight for member in members)
        self._shares = {member.index: self._load * member.weight / weight for member in members}
        self._total = sum(self._in_flight[member.index] for member in members)

    def _points_of(self, members: tuple[Member, ...]) -> dict[tuple[int, str], int]:
        """How many points each has on the ring, by index and name."""
        return {
            (member.index, name): max(1, round(POINTS * member.weight / self._heaviest))
            for member, name in zip(members, _names(members), strict=True)
        }

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:
        """See ``Balancer.pick``; when all that are left have too much in flight, the first of them."""
        if not self._shares:
            return None
        index = self._ring.first(key)
        if index not in excluded and self._has_room(index):
            return index
        return self._next(excluded, key)

    def started(self, index: int) -> None:
        """See ``Balancer.started``."""
        self._in_flight[index] += 1
        if index in self._shares:
            self._total += 1

    def ended(self, index: int) -> None:
        """See ``Balancer.ended``."""
        self._in_flight[index] -= 1
        if index in self._shares:
            self._total -= 1

    def _has_room(self, index: int) -> bool:
        return self._in_flight[index] < self._shares[index] * (self._total + 1)

    def _next(self, excluded: AbstractSet[int], key: int) -> int | None:
        first = None
        passed = {index for index in excluded if index in self._shares}
        for index in self._ring.walk(key):
            if index not in passed:
                if self._has_room(index):
                    return index
                first = index if first is None else first
                passed.add(index)
            elif len(passed) == len(self._shares):
                break
        return first


def _names(members: Sequence[Member]) -> Iterator[str]:
    """What points are made from: addresses, and a number behind those that come again."""
    seen: Counter[str] = Counter()
    for member in members:
        address = member.state.address
        seen[address] += 1
        yield address if seen[address] == 1 else f"{address} {seen[address]}"
