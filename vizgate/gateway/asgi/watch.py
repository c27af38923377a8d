"""Ends the work for a client that has gone.

In: ``ClientWatch``. Not in: how a server tells that a client has gone (``asgi.inbox``, ``asgi.websocket``).
"""

from __future__ import annotations

import asyncio


class ClientWatch:
    """Cancels the task that made it when the client goes away, and tells that cancellation from others."""

    __slots__ = ("_before", "_is_closed", "_owes_uncancel", "_task", "is_gone")

    def __init__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._before = task.cancelling()
        self._is_closed = False
        self._owes_uncancel = False
        #: Whether the client has gone.
        self.is_gone = False

    def gone(self) -> None:
        """The client has gone; harmless when it was said before."""
        if not (self.is_gone or self._is_closed):
            self.is_gone = self._owes_uncancel = True
            self._task.cancel()

    def absorb(self) -> bool:
        """Undo the cancellation being handled; False when it is (also) somebody else's and must go on."""
        self._undo()
        return self.is_gone and self._task.cancelling() <= self._before

    def close(self) -> None:
        """The work has ended: nothing may be cancelled any more, and no cancellation may be left over."""
        self._is_closed = True
        self._undo()

    def _undo(self) -> None:
        if self._owes_uncancel:
            self._owes_uncancel = False
            self._task.uncancel()

    def __repr__(self) -> str:
        return f"<ClientWatch [{'gone' if self.is_gone else 'there'}]>"
