"""Whose turn it is to take the next connection from a socket that several workers accept from.

In: ``leaves_it``, ``next_patience``; pure. Not in: accepting (``sharing.acceptor``).

All workers wake up for a connection that waits, and the first to ask gets it. Who has more connections than another one
steps back for a moment, so that the other one, if it is at leisure, comes first. If nobody came, he takes it after all:
a connection never waits for a worker that does not look.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

#: A worker that has not looked for so long is busy or stopped; nothing is left to it.
FRESH_S = 0.25
#: How long who steps back looks away, in seconds: as short as timers are.
MOMENT_S = 0.001
#: How many moments a connection is left to others at most, and at least.
LONGEST, SHORTEST = 4, 1


class Load(NamedTuple):
    """``connections``: that one worker has open. ``seen_s``: when it last had a look, in monotonic seconds.
    ``is_resting``: whether it has stepped back itself.
    """

    connections: int
    seen_s: float
    is_resting: bool = False


def leaves_it(own: int, others: Iterable[Load], now_s: float) -> bool:
    """Whether a worker with *own* connections leaves the next one to one of *others*."""
    return any(own > other.connections + _slack(other) and now_s - other.seen_s <= FRESH_S for other in others)


def _slack(other: Load) -> int:
    """What does not count as a difference. 40 are as good as 32; and where nobody else looks, somebody goes on."""
    return 2 + other.connections // 2 if other.is_resting else other.connections // 4


def next_patience(patience: int, *, was_taken: bool) -> int:
    """How many moments to leave the next one, after one was left for *patience*.

    Args: was_taken: whether another worker took it. If not, the others are too busy to look, and waiting for them costs
    clients their time for nothing.
    """
    return LONGEST if was_taken else max(patience // 2, SHORTEST)
