"""Deadlines of many streams, swept by one coarse tick.

In: ``DeadlineSweeper``. Not in: what a missed deadline means (its owner's ``expire``).

A timer object per request costs 2 us and garbage; here a deadline is an attribute, and an owner is looked at only when
the tick it is entered under falls due. A deadline that moved on meanwhile is entered again then.
"""

from __future__ import annotations

import logging
import math
from collections import deque
from typing import Protocol

TICK_S = 0.025
# What one sweep may do before the loop has its turn: look at so many owners. To expire one, with what its task does
# about it, takes as long as many looks; 32 of them take about 2 ms.
_LOOKS_AT_ONCE = 2048
_EXPIRY_LOOKS = 64

_log = logging.getLogger("vizgate.deadlines")


class Deadlined(Protocol):
    """Something with a deadline: ``deadline_s`` in monotonic seconds, 0 for none.

    ``due_s`` is the sweeper's own: when it will look at this next, infinity for never.
    """

    deadline_s: float
    due_s: float

    def expire(self) -> None:
        """Called once the deadline has passed; must clear or move it."""
        ...


class Patrolled(Protocol):
    """Something that the loop would not tell the news of."""

    def patrol(self) -> None:
        """Called at every sweep."""
        ...


class DeadlineSweeper:
    """Calls ``expire`` of every watched owner within two ticks after its deadline. Each owner stands here once.

    Args: tick_s: how coarse time is, in seconds.
    """

    __slots__ = ("_due", "_next", "_overdue", "_tick_s", "patrolled")

    def __init__(self, tick_s: float = TICK_S) -> None:
        self._tick_s = tick_s
        self._due: dict[int, dict[Deadlined, None]] = {}
        self._next = 1
        # Taken out of ``_due`` and not looked at yet.
        self._overdue: deque[Deadlined] = deque()
        #: Owners to be asked at every sweep how they are: few, because each costs a system call.
        self.patrolled: dict[Patrolled, None] = {}

    def watch(self, owner: Deadlined, deadline_s: float) -> None:
        """Set *owner*'s deadline. Cheap when it moves later, as it does from request to request."""
        owner.deadline_s = deadline_s
        if deadline_s < owner.due_s:
            self.enter(owner, deadline_s)

    def enter(self, owner: Deadlined, deadline_s: float) -> None:
        """Look at *owner* once *deadline_s* has passed, whatever was planned; ``watch`` calls this when it must."""
        if owner.due_s != math.inf:
            self._leave(owner)
        tick = self._tick_of(deadline_s)
        owner.due_s = tick * self._tick_s
        owners = self._due.get(tick)
        if owners is None:
            self._due[tick] = {owner: None}
        else:
            owners[owner] = None

    def forget(self, owner: Deadlined) -> None:
        """Let go of *owner*, which has ended."""
        owner.deadline_s = 0.0
        if owner.due_s != math.inf:
            self._leave(owner)

    def sweep(self, now_s: float) -> bool:
        """Expire what is due at *now_s*; to be called about once a tick, and at once again while it returns True.

        Thousands of connections that began together end together. They are ended a few at a time, so that everybody
        else's requests get their turn in between.
        """
        if not self._overdue:
            self._patrol()
            self._collect(now_s)
        budget = _LOOKS_AT_ONCE
        while self._overdue and budget > 0:
            try:
                budget -= _EXPIRY_LOOKS if self._look(self._overdue.popleft(), now_s) else 1
            except Exception:  # noqa: BLE001  # one owner's fault must not keep the others from expiring
                _log.exception("a deadline could not be handled")
        return bool(self._overdue)

    def _patrol(self) -> None:
        for patrolled in list(self.patrolled):
            try:
                patrolled.patrol()
            except Exception:  # noqa: BLE001  # as above
                _log.exception("a connection could not be looked after")

    def _collect(self, now_s: float) -> None:
        """Queue the owners of every tick that has passed."""
        now_tick = int(now_s / self._tick_s)
        if now_tick - self._next > len(self._due):
            ticks = sorted(tick for tick in self._due if tick <= now_tick)
        else:
            ticks = list(range(self._next, now_tick + 1))
        self._next = max(self._next, now_tick + 1)
        for tick in ticks:
            for owner in self._due.pop(tick, ()):
                owner.due_s = math.inf
                self._overdue.append(owner)

    def _look(self, owner: Deadlined, now_s: float) -> bool:
        """Whether *owner* had to be expired."""
        deadline_s = owner.deadline_s
        if deadline_s == 0.0:
            return False
        if deadline_s <= now_s:
            owner.expire()
            return True
        self.enter(owner, deadline_s)
        return False

    def _tick_of(self, deadline_s: float) -> int:
        return max(int(deadline_s / self._tick_s) + 1, self._next)

    def _leave(self, owner: Deadlined) -> None:
        owners = self._due.get(round(owner.due_s / self._tick_s))
        owner.due_s = math.inf
        if owners is not None:
            owners.pop(owner, None)

    def __len__(self) -> int:
        return len(self._overdue) + sum(len(owners) for owners in self._due.values())

    def __repr__(self) -> str:
        return f"<DeadlineSweeper [{len(self)} owners]>"
