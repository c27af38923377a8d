"""Long work in small steps.

In: ``done``, all steps at once, and ``slowly``, with the event loop's turn after each. Not in: the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TypeVar

from vizgate.clock import Clock

_T = TypeVar("_T")


def done(steps: Generator[None, None, _T]) -> _T:
    """What *steps* give back, all at once. Raises: what they raise."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result


async def slowly(steps: Generator[None, None, _T], clock: Clock) -> tuple[_T, float]:
    """What *steps* give back, and for how many seconds they were at work. Raises: what they raise."""
    result: tuple[_T] | None
    spent_s = 0.0
    while True:
        began_s, result = clock.monotonic(), None
        try:
            next(steps)
        except StopIteration as end:
            result = (end.value,)
        spent_s += clock.monotonic() - began_s
        await asyncio.sleep(0)
        if result is not None:
            return result[0], spent_s
