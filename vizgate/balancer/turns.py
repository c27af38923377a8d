"""Whose turn it is, by weight.

In: ``FairTurns``. Not in: rules for targets, which lean on it (``balancer.weighted``, ``balancer.least_connections``).
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from heapq import heapify, heappop, heappush, heapreplace

from vizgate.extension.kinds.balancer import NONE_EXCLUDED


def next_turn(turn: float, now: float, step: float) -> float:
    """When it is the turn again of one who has it, due at *turn*, *now*, and whose turns are *step* apart.

    Whoever could not take its turns for a while has one at once and no burst of those it missed.
    """
    return max(turn + step, now + step / 2)


class FairTurns:
    """Turns in proportion to weights, spread out, in O(log n) each, for any weights above 0.

    Everyone has a turn each ``1 / weight`` of virtual time, the first after half of that: weights 5, 1, 1 give
    a a a b c a a.

    Source: start-time fair queueing (Goyal, Vin, Cheng, SIGCOMM 1996), with the middle of a slot for its start.
    """

    __slots__ = ("_heap", "_now", "_steps")

    def __init__(self, weights: Iterable[tuple[int, float]] = ()) -> None:
        self._heap: list[tuple[float, int]] = []
        self._steps: dict[int, float] = {}
        self._now = 0.0
        self.update(weights)

    def update(self, weights: Iterable[tuple[int, float]]) -> None:
        """Go on with these numbers and *weights*; who was there before keeps the part of its slot that has passed."""
        steps = {index: 1 / weight for index, weight in weights}
        waits = {index: max(0.0, turn - self._now) / self._steps[index] for turn, index in self._heap}
        self._heap = [(step * waits.get(index, 0.5), index) for index, step in steps.items()]
        heapify(self._heap)
        self._steps = steps
        self._now = 0.0

    def take(self, excluded: AbstractSet[int] = NONE_EXCLUDED) -> int | None:
        """Whose turn it is, of those that are not *excluded*; None when there is nobody."""
        heap = self._heap
        passed: list[tuple[float, int]] = []
        taken = None
        while heap:
            turn, index = heap[0]
            if index not in excluded:
                now = self._now = max(turn, self._now)
                heapreplace(heap, (next_turn(turn, now, self._steps[index]), index))
                taken = index
                break
            passed.append(heappop(heap))
        for entry in passed:
            heappush(heap, entry)
        return taken

    def __repr__(self) -> str:
        return f"<FairTurns [{len(self._heap)} take part]>"
