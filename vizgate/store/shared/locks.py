"""Locks between processes that die with their holder.

In: ``StripeLocks``. Not in: what they guard (``store.shared.table``).

A lock is a byte of the file, locked for an open file description (fcntl(2), Linux): the kernel lets go of it when the
process ends, however it ends. Two openings exclude each other even within one process; a description that a child
inherited does not exclude its parent, so each process opens the file anew.
"""

from __future__ import annotations

import fcntl
import os
from struct import pack

from vizgate.clock import Clock
from vizgate.extension.store import StoreFailed

STRIPES = 256

# A holder needs microseconds; one that takes this long has been stopped, and its stripe is left alone for a while.
_PATIENCE_S = 0.05
_LEAVE_ALONE_S = 1.0


def _of_description(kind: int, byte: int) -> bytes:
    """A struct flock for fcntl: type, whence, start, length, process (0 for locks of a description)."""
    return pack("hhqqi4x", kind, os.SEEK_SET, byte, 1, 0)


class StripeLocks:
    """``STRIPES`` locks on the file *fd*; none may be taken while one is held. For one thread."""

    def __init__(self, fd: int, clock: Clock) -> None:
        self._fd = fd
        self._monotonic = clock.monotonic
        self._take = [_of_description(fcntl.F_WRLCK, stripe) for stripe in range(STRIPES)]
        self._give = [_of_description(fcntl.F_UNLCK, stripe) for stripe in range(STRIPES)]
        # By stripe: until when nobody waits for it.
        self._stuck: dict[int, float] = {}

    def acquire(self, stripe: int) -> None:
        """Take a lock. Raises: StoreFailed: somebody else keeps it."""
        try:
            fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, self._take[stripe])
        except BlockingIOError:
            self._wait(stripe)

    def release(self, stripe: int) -> None:
        """Let go of it."""
        fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, self._give[stripe])

    def _wait(self, stripe: int) -> None:
        now_s = self._monotonic()
        patience_s = 0.0 if now_s < self._stuck.get(stripe, 0.0) else _PATIENCE_S
        while self._monotonic() - now_s < patience_s:
            os.sched_yield()
            try:
                fcntl.fcntl(self._fd, fcntl.F_OFD_SETLK, self._take[stripe])
            except BlockingIOError:
                continue
            self._stuck.pop(stripe, None)
            return
        self._stuck[stripe] = now_s + _LEAVE_ALONE_S if patience_s else self._stuck[stripe]
        raise StoreFailed("another process keeps a part of the shared store locked; it may have been stopped")
