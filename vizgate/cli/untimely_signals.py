"""Signals that come before anybody can obey them, or when there is nobody any more.

In: keeping them until then, and overhearing them. Not in: what they mean (``cli.operation``, ``cli.supervision``).

By default each of them ends or stops a process: who tells a service to reload, or to open its logs anew, while it still
reads its configuration would end it; while it is about to end, it would not end well.
"""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # every command imports this
    from asyncio import AbstractEventLoop
    from types import FrameType

_ALL = (signal.SIGHUP, signal.SIGUSR1, signal.SIGTTIN, signal.SIGTTOU)
_came: set[int] = set()


def keep() -> None:
    """From now on, remember them."""
    for number in _ALL:
        signal.signal(number, _remember)


def pass_on() -> None:
    """Have whoever obeys them now be told of those that were remembered: of each once, however often it came."""
    came = sorted(_came)
    _came.clear()
    for number in came:
        os.kill(os.getpid(), number)


def overhear(loop: AbstractEventLoop) -> None:
    """From now on, nothing follows from them; *loop*, which obeys them, would have them end the process at its end."""
    for number in _ALL:
        loop.remove_signal_handler(number)
        signal.signal(number, signal.SIG_IGN)


def _remember(number: int, _frame: FrameType | None) -> None:
    _came.add(number)
