"""Signals that come before anybody can obey them, or when there is nobody any more.

In: keeping them until then, and overhearing them. Not in: what they mean (``serving.foreground``).

By default each of them ends or stops a process: who tells a service to reload, or to open its logs anew, while it still
reads its configuration would end it; while it is about to end, it would not end well.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Mapping
from types import FrameType

_ALL = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTTIN, signal.SIGTTOU)
_came: set[int] = set()


def keep() -> None:
    """From now on, remember them."""
    for number in _ALL:
        signal.signal(number, _remember)


def obey(orders: Mapping[signal.Signals, Callable[[], object]]) -> None:
    """From now on, have the running loop follow *orders*; those that were remembered come at once, each one time.

    Not by the loop's own handlers: to take such a one away is to let the signal end the process for a moment.
    """
    import asyncio

    loop = asyncio.get_running_loop()

    def follow(number: int, _frame: FrameType | None = None) -> None:
        loop.call_soon_threadsafe(orders[signal.Signals(number)])

    for obeyed in orders:
        signal.signal(obeyed, follow)
    came = sorted(_came)
    _came.clear()
    for number in came:
        os.kill(os.getpid(), number)


def overhear() -> None:
    """From now on, nothing follows from them."""
    for number in _ALL:
        signal.signal(number, signal.SIG_IGN)


def _remember(number: int, _frame: FrameType | None) -> None:
    _came.add(number)
