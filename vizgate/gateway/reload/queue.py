"""Reloads one at a time.

In: ``ReloadQueue``. Not in: a reload (``gateway.server``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any


class ReloadQueue:
    """Runs *reload*, for everybody who asks.

    Who asks while one runs may have seen a change that it has not read: he gets the next one, which all share who ask
    until it begins. So there is never more than one that waits.
    """

    def __init__(self, reload: Callable[[], Coroutine[Any, Any, None]]) -> None:
        self._reload = reload
        self._running: asyncio.Task[None] | None = None
        self._next: asyncio.Task[None] | None = None

    async def ask(self) -> None:
        """Return when a reload that began after this call has succeeded. Raises: what it raises."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_task(self._run_after(self._running))
            self._next.add_done_callback(_look_at)
        # Shielded: one who leaves must not take it away from the others.
        await asyncio.shield(self._next)

    async def _run_after(self, running: asyncio.Task[None] | None) -> None:
        if running is not None:
            await asyncio.wait([running])
        self._running, self._next = self._next, None
        try:
            await self._reload()
        finally:
            self._running = None

    async def stop(self) -> None:
        """Give up what is under way."""
        tasks = [task for task in (self._running, self._next) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._running = self._next = None

    def __repr__(self) -> str:
        return f"<ReloadQueue [{'running' if self._running else 'idle'}, {'one' if self._next else 'none'} waiting]>"


def _look_at(task: asyncio.Task[None]) -> None:
    """Have nobody be told that an error was never looked at: those who asked have left, and it was logged."""
    if not task.cancelled():
        task.exception()
