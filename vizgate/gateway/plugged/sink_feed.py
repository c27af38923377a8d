"""From the end of a request to a sink, without any request ever waiting.

In: ``SinkFeed``: the queue, its batches, what a slow or failing sink costs. Not in: it (``extension.kinds.sink``).

The hot path appends to a deque. A task gives the sink one batch after the other; while it does not keep up, the queue
fills, and what does not fit is counted and forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from dataclasses import replace

from vizgate.extension.kinds.sink import RequestRecord, Sink, SinkConfig
from vizgate.gateway.isolation.faults import PluginFaults
from vizgate.gateway.isolation.guards.middleware import is_fault
from vizgate.observe.access_log.formats import FIELD_LIMIT, text_of
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics import Metrics
from vizgate.observe.redaction import redact_target, redact_url

_log = logging.getLogger("vizgate.plugin")

#: How long a sink has at a stop for what waits, in seconds.
FLUSH_S = 5.0
#: The pause after a batch that was lost, in seconds; it doubles up to the second number.
PAUSES_S = (0.5, 30.0)
# Making the records of so many requests holds the loop up for less than half a millisecond.
_SLICE = 100


class SinkFeed:
    """What *sink* is given. Life: ``begin`` -> ``append`` -> ``end``, and again.

    Args: faults: where is told what the sink does wrong. pauses_s: see ``PAUSES_S``.
    """

    def __init__(
        self, sink: Sink, faults: PluginFaults, metrics: Metrics, pauses_s: tuple[float, float] = PAUSES_S
    ) -> None:
        settings: SinkConfig = sink.config
        self.sink = sink
        self._faults = faults
        self._limit, self._batch = settings.queue, min(settings.batch, settings.queue)
        self._every_s, self._timeout_s = settings.every, settings.timeout
        self._pauses_s = pauses_s
        self._pause_s = 0.0
        self._queue: deque[ExchangeRecord] = deque()
        self._due = asyncio.Event()
        self._ending = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self._task: asyncio.Task[None] | None = None
        cells = metrics.counters("sink_records", "Records for sinks, by what became of them.", ("plugin", "outcome"))
        self._taken, self._failed, self._dropped = (
            cells.of(faults.name, outcome) for outcome in ("taken", "failed", "dropped")
        )

    def begin(self) -> None:
        """Take records from now on."""
        if self._task is None:
            self._due, self._ending = asyncio.Event(), asyncio.Event()
            self._task = asyncio.get_running_loop().create_task(self._run())

    def append(self, record: ExchangeRecord) -> None:
        """Have the sink be given *record*. It never waits and never raises."""
        queue = self._queue
        if self._task is None or len(queue) >= self._limit:
            self._dropped.value += 1
            return
        if (
            len(record.target) > FIELD_LIMIT
            or len(record.user_agent) > FIELD_LIMIT
            or len(record.referer) > FIELD_LIMIT
        ):
            record = _cut(record)
        queue.append(record)
        if self._timer is None:
            self._timer = self._task.get_loop().call_later(self._every_s, self._due.set)
        if len(queue) == self._batch:
            self._due.set()

    async def end(self, timeout_s: float = FLUSH_S) -> None:
        """Give the sink what waits, and take no more; what it has not taken after *timeout_s* is dropped."""
        task, self._task = self._task, None
        if task is None:
            return
        self._ending.set()
        self._due.set()
        _, late = await asyncio.wait([task], timeout=timeout_s)
        if late:
            task.cancel()
            await asyncio.wait([task], timeout=timeout_s)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._queue:
            _log.warning("plugin %s: %d records were not taken in time", self._faults.name, len(self._queue))
            self._dropped.value += len(self._queue)
            self._queue.clear()

    async def _run(self) -> None:
        while True:
            await self._due.wait()
            self._due.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            while self._queue:
                await self._give(await self._next_batch())
            if self._ending.is_set():
                return

    async def _next_batch(self) -> list[RequestRecord]:
        records: list[RequestRecord] = []
        take = self._queue.popleft
        while self._queue and len(records) < self._batch:
            room = min(_SLICE, self._batch - len(records), len(self._queue))
            records += [_shown(take()) for _ in range(room)]
            await asyncio.sleep(0)
        return records

    async def _give(self, records: list[RequestRecord]) -> None:
        try:
            async with asyncio.timeout(self._timeout_s):
                await self.sink.take(tuple(records))
        except BaseException as error:
            self._failed.value += len(records)
            if not is_fault(error):
                raise
            self._faults.note("take", error)
            await self._rest()
        else:
            self._taken.value += len(records)
            self._pause_s = 0.0

    async def _rest(self) -> None:
        """Leave the sink alone for a while; a stop does not wait for that."""
        first_s, longest_s = self._pauses_s
        self._pause_s = min(self._pause_s * 2 or first_s, longest_s)
        await asyncio.wait([self._stopping()], timeout=self._pause_s)

    def _stopping(self) -> asyncio.Task[bool]:
        return asyncio.ensure_future(self._ending.wait())

    def __repr__(self) -> str:
        return f"<SinkFeed {self._faults.name} [{len(self._queue)} waiting, {self._dropped.value} dropped]>"


def _cut(record: ExchangeRecord) -> ExchangeRecord:
    """*record* without what is not told anyway: a queue of long ones would hold their memory."""
    # One byte over the limit, so that it is still seen that something was cut.
    end = FIELD_LIMIT + 1
    target, user_agent, referer = record.target[:end], record.user_agent[:end], record.referer[:end]
    return replace(record, target=target, user_agent=user_agent, referer=referer)


def _shown(record: ExchangeRecord) -> RequestRecord:
    return RequestRecord(
        record.started_s,
        record.duration_s,
        record.method,
        redact_target(text_of(record.target)),
        f"1.{record.minor}",
        record.authority,
        record.scheme,
        record.client,
        record.peer,
        record.request_id,
        record.route,
        record.service,
        record.upstream,
        record.attempts,
        record.upstream_s,
        record.status,
        record.bytes_in,
        record.bytes_out,
        record.termination.value,
        text_of(record.user_agent),
        redact_url(text_of(record.referer)),
        record.user[:FIELD_LIMIT],
    )
