"""A middleware of a stranger's that does not come to an end: ``timeout`` of its route holds for it, too.

In: ``in_time`` and ``PluginTimedOut``. Not in: the time of attempts, which watch their deadline themselves
(``gateway.http1``).
"""

from __future__ import annotations

import asyncio
import math
from typing import Any

from vizgate.errors import ExchangeError
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.transport.deadlines import DeadlineSweeper

# Whoever watches the deadline himself has a better answer, and comes first.
_GRACE_S = 0.25


class PluginTimedOut(ExchangeError):
    """No answer in the time of the route, and a plugin is to blame: 504."""

    status = 504


class _Overtime:
    """Cancels *task* when its time is over."""

    __slots__ = ("_book", "_request", "_task", "deadline_s", "due_s", "has_passed")

    def __init__(self, task: asyncio.Task[Any], request: Request, book: FaultBook) -> None:
        self._task = task
        self._request = request
        self._book = book
        self.deadline_s = 0.0
        self.due_s = math.inf
        self.has_passed = False

    def expire(self) -> None:
        """See ``transport.deadlines.Deadlined``."""
        self.deadline_s = 0.0
        self.has_passed = True
        self._book.blame_task("call", TimeoutError("the time of the route is over"), self._task, self._request)
        self._task.cancel()


def in_time(handler: Handler, sweeper: DeadlineSweeper, book: FaultBook) -> Handler:
    """*handler*, cancelled when a request is not answered a moment after its deadline.

    The handler raises PluginTimedOut then.
    """

    async def call(request: Request) -> Response:
        task = asyncio.current_task()
        if not request.deadline_s or task is None:
            return await handler(request)
        overtime = _Overtime(task, request, book)
        sweeper.watch(overtime, request.deadline_s + _GRACE_S)
        try:
            return await handler(request)
        except asyncio.CancelledError:
            if overtime.has_passed and task.cancelling() == 1:
                raise PluginTimedOut from None
            raise
        finally:
            sweeper.forget(overtime)
            if overtime.has_passed:
                task.uncancel()

    return call
