"""The target with the fewest requests in flight.

In: ``LeastConnections``. Not in: counting them (``pipeline.service``).
"""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from heapq import heapify, heappop, heappush
from typing import Any

from vizgate.balancer.turns import next_turn
from vizgate.extension.contract import Context
from vizgate.extension.kinds.balancer import NONE_EXCLUDED, Balancer, Member

#: Load, turn among equals, index. The last one made for an index is the one that holds.
_Entry = tuple[float, float, int]


class LeastConnections(Balancer):
    """Picks the member with the fewest requests in flight relative to its weight; equals take turns by weight.

    In O(log n): a heap whose entries are replaced as attempts begin and end. What attempts of another plan change is
    not told; each pick looks at one member in turn, so it is seen within as many picks as there are members.
    """

    def __init__(self, config: Any = None, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._by_index: dict[int, Member] = {}
        self._entries: dict[int, _Entry] = {}
        self._heap: list[_Entry] = []
        self._most_entries = 0
        self._now = 0.0
        self._look_at = 0

    def update(self, members: tuple[Member, ...]) -> None:
        """See ``Balancer.update``."""
        super().update(members)
        self._by_index = {member.index: member for member in members}
        turns = {index: turn for index, (_, turn, _) in self._entries.items()}
        self._entries = {
            member.index: (_load(member), turns.get(member.index, self._now + 0.5 / member.weight), member.index)
            for member in members
        }
        self._most_entries = 64 + 4 * len(members)
        self._look_at = 0
        self._tidy()

    def pick(self, excluded: AbstractSet[int] = NONE_EXCLUDED, key: int = 0) -> int | None:  # noqa: ARG002  # no need
        """See ``Balancer.pick``."""
        self._look_at_one()
        heap, entries = self._heap, self._entries
        passed: list[_Entry] = []
        picked = None
        while heap:
            entry = heap[0]
            if entries[entry[2]] is entry:
                if entry[2] not in excluded:
                    picked = entry[2]
                    break
                passed.append(entry)
            heappop(heap)
        for entry in passed:
            heappush(heap, entry)
        return picked

    def started(self, index: int) -> None:
        """See ``Balancer.started``."""
        entry = self._entries.get(index)
        if entry is not None:
            turn = entry[1]
            now = self._now = max(turn, self._now)
            self._replace(index, next_turn(turn, now, 1 / self._by_index[index].weight))

    def ended(self, index: int) -> None:
        """See ``Balancer.ended``."""
        entry = self._entries.get(index)
        if entry is not None:
            self._replace(index, entry[1])

    def _look_at_one(self) -> None:
        members = self.members
        if members:
            at = self._look_at
            member = members[at]
            self._look_at = at + 1 if at + 1 < len(members) else 0
            entry = self._entries[member.index]
            if entry[0] != _load(member):
                self._replace(member.index, entry[1])

    def _replace(self, index: int, turn: float) -> None:
        entry = self._entries[index] = (_load(self._by_index[index]), turn, index)
        heappush(self._heap, entry)
        if len(self._heap) > self._most_entries:
            self._tidy()

    def _tidy(self) -> None:
        """Drop the entries that hold no more: once in as many changes as there are members, or less often."""
        self._heap = list(self._entries.values())
        heapify(self._heap)


def _load(member: Member) -> float:
    return member.state.in_flight / member.weight
