"""A HUP that comes before anybody can obey it.

In: keeping it until then. Not in: what it means (``cli.operation``, ``cli.supervision``).

By default it ends a process: who tells a service to reload while it is still reading its configuration would end it.
"""

from __future__ import annotations

import os
import signal
from types import FrameType

_came: list[int] = []


def keep() -> None:
    """From now on, remember a HUP."""
    signal.signal(signal.SIGHUP, _remember)


def pass_on() -> None:
    """Have whoever obeys it now be told of one that was remembered: the file may have changed since it was read."""
    if _came:
        _came.clear()
        os.kill(os.getpid(), signal.SIGHUP)


def _remember(number: int, _frame: FrameType | None) -> None:
    _came.append(number)
