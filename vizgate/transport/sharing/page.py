"""How many connections each worker has, in memory that all of them see.

In: ``LoadPage``. Not in: what follows from it (``sharing.turns``), and a worker's view of it (``sharing.seat``).

Each number is eight bytes at a place that is a multiple of eight, and has one writer: it is read whole or not at all,
so nobody waits for a lock.
"""

from __future__ import annotations

import os
from mmap import PAGESIZE, mmap

from vizgate.transport.sharing.turns import Load

#: The most workers that a page has room for.
MOST_WORKERS = 255

# One more than there are connections; 0, with which memory begins, is nobody.
_ABSENT = 0
_WORDS = 4
_BYTES = max(PAGESIZE, 8 * _WORDS * (MOST_WORKERS + 1))


class LoadPage:
    """A page of shared memory; ``fd`` is its file. Workers have the numbers 1, 2, ... ``MOST_WORKERS``.

    Place 0 holds the highest number in use, so that nobody reads further.
    """

    __slots__ = ("_counts", "_memory", "_seen", "fd")

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self._memory = mmap(fd, _BYTES)
        self._counts = memoryview(self._memory).cast("q")
        self._seen = memoryview(self._memory).cast("d")

    @classmethod
    def new(cls) -> LoadPage:
        """An empty page. Raises: OSError: no memory for it."""
        fd = os.memfd_create("vizgate-loads", os.MFD_CLOEXEC)
        try:
            os.ftruncate(fd, _BYTES)
            return cls(fd)
        except BaseException:
            os.close(fd)
            raise

    def use(self, most: int) -> None:
        """Let workers 1 to *most* be looked at; the supervisor's call."""
        self._counts[0] = most

    def enter(self, number: int, now_s: float) -> None:
        """Worker *number* is there, without a connection."""
        self._seen[_WORDS * number + 1] = now_s
        self._counts[_WORDS * number + 2] = False
        self._counts[_WORDS * number] = 1

    def leave(self, number: int) -> None:
        """Worker *number* accepts no more, or is dead."""
        self._counts[_WORDS * number] = _ABSENT

    def tell(self, number: int, connections: int) -> None:
        """Worker *number* has so many *connections*."""
        self._counts[_WORDS * number] = connections + 1

    def look(self, number: int, now_s: float) -> None:
        """Worker *number* is at work."""
        self._seen[_WORDS * number + 1] = now_s

    def rest(self, number: int, *, wanted: bool) -> None:
        """Worker *number* steps back, or is back."""
        self._counts[_WORDS * number + 2] = wanted

    def others(self, number: int) -> list[Load]:
        """The loads of all that are there but worker *number*."""
        counts, seen = self._counts, self._seen
        return [
            Load(count - 1, seen[at + 1], bool(counts[at + 2]))
            for at in range(_WORDS, _WORDS * (counts[0] + 1), _WORDS)
            if at != number * _WORDS and (count := counts[at]) != _ABSENT
        ]

    def total(self, number: int) -> int:
        """The connections of all that are there but worker *number*."""
        counts, own, total = self._counts, _WORDS * number, 0
        for at in range(_WORDS, _WORDS * (counts[0] + 1), _WORDS):
            if at != own and (count := counts[at]) != _ABSENT:
                total += count - 1
        return total

    def close(self) -> None:
        """Let go of it; it lives as long as another process has it open. May be called twice."""
        if self._memory.closed:
            return
        self._counts.release()
        self._seen.release()
        self._memory.close()
        os.close(self.fd)

    def __repr__(self) -> str:
        return f"<LoadPage [{len(self.others(0))} workers, {self.total(0)} connections]>"
