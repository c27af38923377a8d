"""Whose turn it is to take the next connection from a socket that several workers accept from.

In: ``leaves_it``, ``next_patience``; pure. Not in: accepting (``sharing.acceptor``).

All workers wake up for a connection that waits, and the first to ask gets it. Who has more connections than another one
steps back for a moment, so that the other one, if it is at leisure, comes first. If nobody came, he takes it after all:
a connection never waits for a worker that does not look.
"""

from __future__ import annotations

from collections.abc import Iterable

from vizgate.transport.sharing.page import Load

#: A worker that has not looked for so long is busy or stopped; nothing is left to it.
FRESH_S = 0.25
#: How long a connection is left to others at most, in seconds, and at least.
LONGEST_S = 0.004
SHORTEST_S = 0.0005
# A share of the connections that does not count as a difference: 36 and 28 are as good as equal.
_SLACK_SHARE = 8


def leaves_it(own: int, others: Iterable[Load], now_s: float) -> bool:
    """Whether a worker with *own* connections leaves the next one to one of *others*."""
    return any(
        now_s - other.seen_s <= FRESH_S and own > other.connections + other.connections // _SLACK_SHARE
        for other in others
    )


def next_patience(patience_s: float, *, was_taken: bool) -> float:
    """How long to leave the next one, after one was left for *patience_s*.

    Args: was_taken: whether another worker took it. If not, the others are too busy to look, and waiting for them costs
    clients their time for nothing.
    """
    return LONGEST_S if was_taken else max(patience_s / 2, SHORTEST_S)
