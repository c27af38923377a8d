"""An awaitable that a loop callback ends at once, and one that waits for the loop itself.

In: ``Wakeup``, ``let_loop_poll``. Not in: what is waited for (``transport.stream``).

``asyncio.Future`` resumes its task through the loop's queue: an object, a context copy and a turn of the loop for each
wait. A proxied request waits twice, always for a socket callback, which already runs alone on the loop. A ``Wakeup``
is made once per stream and resumes the task inside that callback; the numbers are
in ``docs/adr/0001-one-task-per-connection.md``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Generator
from contextvars import Context, copy_context
from typing import Any


class Wakeup:
    """What one task at a time may await until it is woken; reusable. It meets the protocol of futures that
    ``asyncio.Task`` relies on, so cancellation, ``asyncio.timeout`` and context variables work as ever.
    """

    __slots__ = ("_asyncio_future_blocking", "_callback", "_context", "_loop")

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._asyncio_future_blocking = False
        self._callback: Callable[[Any], None] | None = None
        self._context: Context | None = None
        self._loop = loop

    @property
    def is_waiting(self) -> bool:
        """Whether a task is waiting."""
        return self._callback is not None

    def wake(self) -> None:
        """Resume the waiting task at once; nothing without one. Only for callbacks of the loop, where no task runs."""
        callback = self._callback
        if callback is not None:
            self._callback = None
            self._context.run(callback, self)  # type: ignore[union-attr]  # the two are set together

    def wake_soon(self) -> None:
        """Resume the waiting task on the next turn of the loop; nothing without one. For every other place."""
        callback = self._callback
        if callback is not None:
            self._callback = None
            self._loop.call_soon(callback, self, context=self._context)

    def arm(self) -> Wakeup:
        """This wakeup, ready to be yielded to the task by an ``__await__``."""
        if self._callback is not None:
            raise RuntimeError("two tasks wait on one stream")
        self._asyncio_future_blocking = True
        return self

    def __await__(self) -> Generator[Wakeup, None, None]:
        yield self.arm()

    # What asyncio.Task calls on the future it waits for. For the loop it calls ``get_loop`` where there is one, and
    # reads ``_loop`` where there is none: that spares each wait a call.

    def add_done_callback(self, callback: Callable[[Any], None], *, context: Context | None = None) -> None:
        """Keep the task's wake-up."""
        self._callback = callback
        self._context = copy_context() if context is None else context

    def remove_done_callback(self, callback: Callable[[Any], None]) -> int:
        """Forget the task's wake-up."""
        if self._callback != callback:
            return 0
        self._callback = None
        return 1

    def done(self) -> bool:
        """Whether nobody waits."""
        return self._callback is None

    def cancelled(self) -> bool:
        """False: a wait that was cancelled is told so by ``_CANCELLED``."""
        return False

    def result(self) -> None:
        """Nothing: waking is all there is to tell."""

    def cancel(self, msg: str | None = None) -> bool:  # noqa: ARG002  # the signature asyncio.Task calls
        """End the wait with ``CancelledError``; False when nobody waits."""
        callback = self._callback
        if callback is None:
            return False
        self._callback = None
        # The task gets another object to ask for its result: by then somebody else may wait on this one.
        self._loop.call_soon(callback, _CANCELLED, context=self._context)
        return True

    def __repr__(self) -> str:
        return f"<Wakeup [{'waiting' if self.is_waiting else 'idle'}]>"


class _Cancelled:
    """What a cancelled wait is woken with."""

    def result(self) -> None:
        """Raises: asyncio.CancelledError: always."""
        raise asyncio.CancelledError


_CANCELLED = _Cancelled()


async def let_loop_poll() -> None:
    """Return when the loop has told everybody what had arrived by now; others get their turn meanwhile."""
    # uvloop runs what is ready before it polls, so the first turn may come without a look at the sockets.
    for _ in range(2):
        await asyncio.sleep(0)
