"""Points of targets on a ring of numbers.

In: ``Ring``. Not in: load (``balancer.hashing.consistent_hash``), and which number a request has
(``balancer.hashing.key``).
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b
from itertools import chain
from struct import unpack

#: Points of a target of the highest weight. With so many, shares are within about 6 % of their size.
POINTS = 256
#: Indexes must be below this: they are the lower bits of points.
MAX_TARGETS = 1 << 16

_INDEX = MAX_TARGETS - 1
_POINTS_A_HASH = 8


class Ring:
    """Points between 0 and 2**64, each of one target. Where they are follows from addresses alone, so that every
    process and every machine has the same.
    """

    __slots__ = ("_counts", "_points")

    def __init__(self) -> None:
        # Sorted; 48 bits of a hash, then the index of the target.
        self._points: array[int] = array("Q")
        self._counts: dict[tuple[int, str], int] = {}

    def update(self, counts: Mapping[tuple[int, str], int]) -> None:
        """Give targets, by index and name, as many points as *counts* says; only what has changed is moved."""
        changed = {
            target for target in self._counts.keys() | counts.keys() if self._counts.get(target) != counts.get(target)
        }
        if not changed:
            return
        gone, added = _points(changed, self._counts), _points(changed, counts)
        self._points = _spliced(self._points, gone, added) if self._points else array("Q", sorted(added))
        self._counts = dict(counts)

    def first(self, key: int) -> int:
        """The index of the target whose point is the next one from *key* on. Raises: IndexError: there are none."""
        points = self._points
        at = bisect_left(points, key)
        return points[at if at < len(points) else 0] & _INDEX

    def walk(self, key: int) -> Iterator[int]:
        """The indexes of all points, from *key* on, once around."""
        points = self._points
        at = bisect_left(points, key)
        for number in chain(range(at, len(points)), range(at)):
            yield points[number] & _INDEX

    def __len__(self) -> int:
        return len(self._points)

    def __repr__(self) -> str:
        return f"<Ring [{len(self._counts)} targets, {len(self)} points]>"


def _points(targets: Iterable[tuple[int, str]], counts: Mapping[tuple[int, str], int]) -> list[int]:
    """All points of those *targets* that are in *counts*."""
    return [point for target in targets for point in _points_of(*target, counts.get(target, 0))]


def _spliced(points: array[int], gone: Iterable[int], added: Iterable[int]) -> array[int]:
    """*points* without those that are *gone* and with those that are *added*. What is between these is copied in one
    piece: with 1,000 targets one that leaves costs a millisecond, and thirty if every point were looked at.
    """
    spliced: array[int] = array("Q")
    start = 0
    for point, is_added in sorted([*((point, False) for point in gone), *((point, True) for point in added)]):
        at = bisect_left(points, point, start)
        spliced.extend(points[start:at])
        if is_added:
            spliced.append(point)
        start = at if is_added else at + 1
    spliced.extend(points[start:])
    return spliced


def _points_of(index: int, name: str, count: int) -> list[int]:
    """The first *count* points of *name*: with a lower weight it keeps some of those it has with a higher one."""
    text = name.encode()
    points: list[int] = []
    for block in range((count + _POINTS_A_HASH - 1) // _POINTS_A_HASH):
        digest = blake2b(b"%b %d" % (text, block), person=b"vizgate ring").digest()
        points += [point & ~_INDEX | index for point in unpack(">8Q", digest)]
    return points[:count]
