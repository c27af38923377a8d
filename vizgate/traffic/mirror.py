"""Copies of requests for another service, whose answers are dropped.

In: ``Mirror``, the handler around a route's service, and the life of its copies. Not in: the services.

The primary never waits for a copy: a body that is still arriving is copied while it passes, and the copy is sent once
all of it was there. What would be too much, in bytes or in copies at once, is not copied, which is counted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import ClassVar

from vizgate.errors import ExchangeError
from vizgate.extension.contract import Component, ComponentConfig, Context
from vizgate.pipeline.body import BytesBody
from vizgate.pipeline.copied import CopiedBody
from vizgate.pipeline.detached import detached, end
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Outcome, Request
from vizgate.pipeline.response import Response
from vizgate.traffic.config import MirrorConfig

_log = logging.getLogger("vizgate.mirror")

#: How much of an answer is read, so that its connection can be used again; of a longer one the rest is left.
DRAINED_BYTES = 256 * 1024

#: What became of a request that was to be copied: the values of a label.
OUTCOMES = ("answered", "failed", "too_many", "too_long")


@dataclass(frozen=True, slots=True)
class Ways:
    """``primary``: what answers. ``mirror``: what gets the copies."""

    primary: Handler
    mirror: Handler


class Mirror(Component):
    """Passes requests to ``ways.primary``, and copies of some to ``ways.mirror``.

    A copy is the request as the primary gets it: same method, target, fields, id and body; nothing marks it. Requests
    that ask for another protocol (WebSocket) are not copied.
    """

    Config: ClassVar[type[ComponentConfig]] = MirrorConfig

    def __init__(self, config: MirrorConfig, ways: Ways, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._primary = ways.primary
        self._mirror = ways.mirror
        self._share = config.percent / 100
        self._limit = config.body_limit
        self._most = config.in_flight
        self._timeout_s = config.timeout
        family = self.context.metrics.counters(
            "mirrored_requests", "Requests to be copied, by what became of the copy.", ("route", "outcome")
        )
        self._counters = {outcome: family.of(self.context.route, outcome) for outcome in OUTCOMES}
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def in_flight(self) -> int:
        """Copies that are not over."""
        return len(self._tasks)

    async def stop(self) -> None:
        """Give up every copy that is not over."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def __call__(self, request: Request) -> Awaitable[Response]:
        """Pass *request* on, and copy it if the lot says so."""
        if not request.upgrade and (self._share >= 1 or self.context.random.random() < self._share):
            self._begin(request)
        return self._primary(request)

    def _begin(self, request: Request) -> None:
        body = request.body
        length = body.length if body.data is None else len(body.data)
        if length is not None and length > self._limit:
            self._counters["too_long"].value += 1
            return
        if len(self._tasks) >= self._most:  # looked at first, because a copy costs more than the question
            self._counters["too_many"].value += 1
            return
        copy = _copy_of(request)
        if body.data is not None:
            self._send(copy, body.data)
        else:
            request.body = CopiedBody(body, self._limit, lambda data: self._send(copy, data))

    def _send(self, copy: Request, data: bytes) -> None:
        """Have *copy* sent with the body *data*, on the next turn of the loop, unless others were faster meanwhile."""
        if len(self._tasks) >= self._most:
            self._counters["too_many"].value += 1
            return
        copy.body = BytesBody(data)
        task = asyncio.get_running_loop().create_task(self._exchange(copy))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _exchange(self, copy: Request) -> None:
        outcome = "failed"
        try:
            copy.limit_deadline(self.context.clock.monotonic() + self._timeout_s)
            # Beside the deadline, because not everything that answers looks at it.
            async with asyncio.timeout(self._timeout_s):
                await _drop(await self._mirror(copy))
            outcome = "answered"
        except (ExchangeError, TimeoutError) as error:
            _log.debug("copy of request %s: %s", copy.id, error)
        except Exception:  # noqa: BLE001  # whatever a service raises ends this copy only
            _log.exception("copy of request %s", copy.id)
        finally:
            self._counters[outcome].value += 1
            end(copy)

    def __repr__(self) -> str:
        return f"<Mirror to {self.config.service} [in flight: {len(self._tasks)}]>"


def _copy_of(request: Request) -> Request:
    """A request like *request*, without its body, that nothing the primary does can change, nor it the primary's."""
    copy = detached(request, request.headers.copy())
    copy.outcome = Outcome()
    copy.deadline_s = 0.0
    return copy


async def _drop(response: Response) -> None:
    """Read what is left of an answer, up to ``DRAINED_BYTES``; the rest goes with its connection."""
    if response.body.data is not None:
        return
    size = 0
    async for content in response.body:
        size += len(content)
        if size > DRAINED_BYTES:
            return
