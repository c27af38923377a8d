"""Long work in small steps.

In: ``done``, all steps at once; ``slowly``, with the event loop's turn after each; ``in_slices``, with a turn after
each millisecond. Not in: the work, and what cannot be cut (``gateway.reload.off_loop``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from typing import TypeVar

from vizgate.clock import Clock

_T = TypeVar("_T")

#: How long the loop is kept from others at once, in seconds, unless a single step takes longer.
SLICE_S = 0.001


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


async def in_slices(steps: Generator[None, None, _T]) -> _T:
    """What *steps* give back. Raises: what they raise."""
    time_s = asyncio.get_running_loop().time
    until_s = time_s() + SLICE_S
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: _T = end.value
            return result
        if time_s() >= until_s:
            await asyncio.sleep(0)
            until_s = time_s() + SLICE_S
