"""Long work that cannot be cut, beside the loop.

In: ``off_loop``. Not in: the work (``config``), and work in steps (``gateway.stepping``).

A thread needs the same interpreter, and gives it back later than a slice ends: it is for what must be.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")

#: How soon a thread gives the interpreter back to a loop that wants it, in seconds; usually it may keep it for 5 ms.
_HAND_BACK_S = 0.0005


class _Pace:
    """How soon threads hand back the interpreter: sooner, as long as any of them works for a reload."""

    def __init__(self) -> None:
        self._workers = 0
        self._usual_s = 0.0

    def __enter__(self) -> None:
        if not self._workers:
            self._usual_s = sys.getswitchinterval()
            sys.setswitchinterval(min(self._usual_s, _HAND_BACK_S))
        self._workers += 1

    def __exit__(self, *_: object) -> None:
        self._workers -= 1
        if not self._workers:
            sys.setswitchinterval(self._usual_s)


# One for the process, as the interval is.
_pace = _Pace()


async def off_loop(work: Callable[[], _T]) -> _T:
    """What *work* gives back, done in a thread. Raises: what it raises."""
    with _pace:
        return await asyncio.to_thread(work)
