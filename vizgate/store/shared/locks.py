"""Locks between processes that die with their holder.

In: ``StripeLocks``. Not in: what they guard (``store.shared.table``).

A lock is a byte of the file, locked for an open file description (fcntl(2), Linux): the kernel lets go of it when the
process ends, however it ends. Two openings exclude each other even within one process; a description that a child
inherited does not exclude its parent, so each process opens the file anew.
"""

from __future__ import annotations

import os
import time
from fcntl import F_OFD_SETLK, F_UNLCK, F_WRLCK, fcntl
from mmap import mmap
from struct import pack

from vizgate.clock import Clock
from vizgate.extension.store import StoreFailed
from vizgate.store.shared.layout import STRIPES, WANTED_AT

# A holder needs microseconds, and gets the processor back within milliseconds; one that takes this long has been
# stopped, and for a while nobody waits so long for its stripe again.
_PATIENCE_S = 0.25
_LEAVE_ALONE_S = 1.0
_YIELDS = 20
_PAUSE_S = 0.0002


def _of_description(kind: int, byte: int) -> bytes:
    """A struct flock for fcntl: type, whence, start, length, process (0 for locks of a description)."""
    return pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)


class StripeLocks:
    """``STRIPES`` locks on the file *fd*, mapped as *data*; none may be taken while one is held. For one thread."""

    def __init__(self, fd: int, data: mmap, clock: Clock) -> None:
        self._fd = fd
        self._data = data
        self._monotonic = clock.monotonic
        self._take = [_of_description(F_WRLCK, stripe) for stripe in range(STRIPES)]
        self._give = [_of_description(F_UNLCK, stripe) for stripe in range(STRIPES)]
        # By stripe: until when nobody waits for it.
        self._stuck: dict[int, float] = {}

    def acquire(self, stripe: int) -> None:
        """Take a lock. Raises: StoreFailed: somebody else keeps it."""
        try:
            fcntl(self._fd, F_OFD_SETLK, self._take[stripe])
        except BlockingIOError:
            self._wait(stripe)

    def release(self, stripe: int) -> None:
        """Let go of it, and let somebody else have it who waits."""
        fcntl(self._fd, F_OFD_SETLK, self._give[stripe])
        # Whoever runs would take it again before a waiter has woken up; without this, one of many could starve.
        if self._data[WANTED_AT + stripe]:
            self._data[WANTED_AT + stripe] = 0
            os.sched_yield()

    def _wait(self, stripe: int) -> None:
        """Take a lock that somebody has: give way for a moment, then look again from time to time."""
        if any(self._yielded_to(stripe) for _ in range(_YIELDS)):
            return
        begun_s = self._monotonic()
        if begun_s >= self._stuck.get(stripe, 0.0):
            while self._monotonic() - begun_s < _PATIENCE_S:
                # The holder may need the processor that looking all the time would take from it.
                time.sleep(_PAUSE_S)  # noqa: TID251  # nothing tells when another process lets go
                if self._yielded_to(stripe):
                    self._stuck.pop(stripe, None)
                    return
            self._stuck[stripe] = begun_s + _LEAVE_ALONE_S
        raise StoreFailed("another process keeps a part of the shared store locked; it may have been stopped")

    def _yielded_to(self, stripe: int) -> bool:
        self._data[WANTED_AT + stripe] = 1
        os.sched_yield()
        try:
            fcntl(self._fd, F_OFD_SETLK, self._take[stripe])
        except BlockingIOError:
            return False
        return True
