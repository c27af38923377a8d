"""How many requests of a service may be in flight, and who waits for a place.

In: ``Bulkhead``, which meets ``pipeline.service.BulkheadPort``. Not in: shedding (``overload.pressure``).
"""

from __future__ import annotations

import asyncio
import math
from collections import OrderedDict
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Protocol

from vizgate.clock import Clock
from vizgate.errors import Overloaded
from vizgate.pipeline.request import Request


class DeadlinesPort(Protocol):
    """Who calls ``expire`` of an owner once its time is over."""

    def watch(self, owner: Waiter, deadline_s: float) -> None:
        """Set the deadline of *owner*, in monotonic seconds."""
        ...

    def forget(self, owner: Waiter) -> None:
        """Let go of *owner*."""
        ...


@dataclass(frozen=True, slots=True)
class BulkheadLimits:
    """``in_flight``: requests at once. ``queue_s``: how long one waits, 0 for not at all. ``queued``: who may wait."""

    in_flight: int
    queue_s: float = 0.0
    queued: int = 0


class Waiter:
    """A request that waits for its turn."""

    __slots__ = ("_bulkhead", "deadline_s", "due_s", "turn")

    def __init__(self, bulkhead: Bulkhead, turn: asyncio.Future[bool]) -> None:
        self.deadline_s = 0.0
        self.due_s = math.inf
        #: Whether its turn has come, or its time is over.
        self.turn = turn
        self._bulkhead = bulkhead

    def expire(self) -> None:
        """Its time is over."""
        self.deadline_s = 0.0
        self._bulkhead.give_up(self)


class Bulkhead:
    """Places for requests; who finds none waits in line, first come, first served.

    A request whose own deadline comes first leaves the line then; one whose client leaves goes at once.

    Args: name: of the service, for messages.
    """

    def __init__(self, name: str, limits: BulkheadLimits, clock: Clock, deadlines: DeadlinesPort) -> None:
        self.limits = limits
        self.in_flight = 0
        #: Requests that were turned away.
        self.refused = 0
        self._name = name
        self._clock = clock
        self._deadlines = deadlines
        self._line: OrderedDict[Waiter, None] = OrderedDict()

    def enter(self, request: Request) -> Awaitable[None] | None:
        """See ``BulkheadPort``. Raises: Overloaded: no place, and none to wait for one."""
        if self.in_flight < self.limits.in_flight:
            self.in_flight += 1
            return None
        now_s = self._clock.monotonic()
        until_s = now_s + self.limits.queue_s
        if request.deadline_s:
            until_s = min(until_s, request.deadline_s)
        if until_s <= now_s or len(self._line) >= self.limits.queued:
            raise self._full()
        return self._wait(until_s)

    def leave(self) -> None:
        """See ``BulkheadPort``."""
        if self.in_flight > self.limits.in_flight or not self._pass_on():
            self.in_flight -= 1

    def give_up(self, waiter: Waiter) -> None:
        """The time of *waiter* is over; nothing happens when its turn has come already."""
        self._line.pop(waiter, None)
        if not waiter.turn.done():
            waiter.turn.set_result(False)

    def adopt(self, limits: BulkheadLimits) -> None:
        """Go on by other *limits*: after a reload the requests in flight still count. New places are given at once."""
        self.limits = limits
        while self.in_flight < limits.in_flight and self._pass_on():
            self.in_flight += 1

    def _pass_on(self) -> bool:
        """Give a place to the first in line whose time is not over; whether there was anybody."""
        while self._line:
            waiter, _ = self._line.popitem(last=False)
            # A cancelled one has left already, and only not been able to say so.
            if waiter.turn.done():
                continue
            # Deadlines are looked after in ticks. With a place now, it would be 504 where a moment later it is 503.
            has_time = waiter.deadline_s > self._clock.monotonic()
            waiter.turn.set_result(has_time)
            if has_time:
                return True
        return False

    async def _wait(self, until_s: float) -> None:
        waiter = Waiter(self, asyncio.get_running_loop().create_future())
        self._line[waiter] = None
        self._deadlines.watch(waiter, until_s)
        try:
            has_place = await waiter.turn
        except asyncio.CancelledError:
            self._line.pop(waiter, None)
            if waiter.turn.done() and not waiter.turn.cancelled() and waiter.turn.result():
                # Its turn had come in the very moment its client left.
                self.leave()
            raise
        finally:
            self._deadlines.forget(waiter)
        if not has_place:
            raise self._full()

    def _full(self) -> Overloaded:
        self.refused += 1
        return Overloaded(f"service {self._name} has {self.in_flight} requests in flight")

    def __repr__(self) -> str:
        return f"<Bulkhead {self._name} [in flight: {self.in_flight} | waiting: {len(self._line)}]>"
