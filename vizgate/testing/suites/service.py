"""What every background service must do, as one function to call from a test.

In: ``check_service``. Not in: what it does, which is its own test.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace

from vizgate.extension.contract import Context
from vizgate.extension.kinds.background import BackgroundService
from vizgate.testing.clock import ManualClock
from vizgate.testing.suites.life import check_life, patiently

MakeService = Callable[[Context], BackgroundService]

_TURNS = 50


async def check_service(make: MakeService, *, context: Context | None = None, rounds: int = 3) -> None:
    """Hold the background service that *make* builds to the contract of ``BackgroundService``; return when nothing was
    found.

    It runs for some rounds, between which ``context.sleep`` takes no time and a manual clock moves on; then it is
    cancelled.

    Args: make: a fresh service with the context it is given. context: what it leans on, but for its clock and
    ``sleep``; one without a network by default. rounds: how many sleeps return.
    Raises: AssertionError: the service breaks the contract; the message says how.
    """
    clock = ManualClock()
    pause = _Pause(clock, rounds)
    context = replace(context or Context(), clock=clock, sleep=pause)
    await check_life(make, context)
    service = make(context)
    assert isinstance(service.once, bool), "once is neither true nor false"
    await patiently(service.start(), "start()")
    task = asyncio.ensure_future(service.run())
    try:
        await patiently(_until_it_rests(task, pause), "run(), which is to wait by context.sleep,")
        assert isinstance(service.unready, str), "unready is no text"
        if task.done():
            error = task.exception()
            assert error is None, f"run() raised {type(error).__name__}: {error}"
    finally:
        task.cancel()
        await patiently(asyncio.wait([task]), "run() that was cancelled")
    assert task.cancelled() or task.exception() is None, f"a cancelled run() raised {task.exception()!r}"
    await patiently(service.stop(), "stop()")


class _Pause:
    """Takes no time, so many times; then it never returns."""

    def __init__(self, clock: ManualClock, rounds: int) -> None:
        self._clock = clock
        self._left = rounds
        self.is_over = asyncio.Event()

    async def __call__(self, seconds: float) -> None:
        await asyncio.sleep(0)
        if not self._left:
            self.is_over.set()
            await asyncio.Event().wait()
        self._left -= 1
        self._clock.advance(seconds)


async def _until_it_rests(task: asyncio.Task[None], pause: _Pause) -> None:
    """Until the service has ended, waits by ``sleep``, or waits for something else for many turns of the loop."""
    over = asyncio.ensure_future(pause.is_over.wait())
    for _ in range(_TURNS):
        if task.done() or over.done():
            break
        await asyncio.sleep(0)
    over.cancel()
