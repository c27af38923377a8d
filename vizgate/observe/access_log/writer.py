"""``AccessLog``: from the event loop to a sink, without the loop ever waiting.

In: the queue and the thread that formats and writes. Not in: formats and sinks, which are arguments.

The loop's thread only appends to a deque. The writer's thread rests while there is nothing to do; the first record
after a rest wakes it, it lets records gather for a moment, then formats and writes in slices small enough to hand the
interpreter lock back often. A sink that blocks, blocks that thread alone; the queue then fills up, and further records
are counted as dropped. A sink that fails is tried again, from the byte where it stopped.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from random import Random

from vizgate.observe.access_log.formats import FIELD_LIMIT
from vizgate.observe.access_log.sink import Sink, SinkError
from vizgate.observe.exchange import ExchangeRecord
from vizgate.observe.metrics.cells import AccessLogCells

_BATCH = 512
# Formatting takes about 2 us per record, and the loop waits meanwhile; os.write then lets it run.
_SLICE = 128
_LINGER_S = 0.1
_RETRY_S = 1.0

_log = logging.getLogger("vizgate.access_log")


class AccessLog:
    """Exactly one line for each record, in the order of ``append``, or one more in ``dropped``.

    The writer's thread starts with the first record, so a process may fork before that.

    Args:
        format_line: a record as one line, its line end included; called in the writer's thread.
        sink: takes the lines; closed by ``close``.
        share: how many of the records are logged, 0 to 1; the choice is independent for each.
        random: decides about shares below 1.
        cells: where drops are counted; pass ``Metrics.access_log`` so that the count outlives this object.
        limit: records that may wait; further ones are dropped, the newest first.
    """

    __slots__ = ("_abandoned", "_batch", "_cells", "_closing", "_failing", "_flushes", "_format", "_limit", "_lines",
                 "_queue", "_random", "_reopen", "_resting", "_sampled", "_sent", "_share", "_sink", "_thread",
                 "_urgent", "_wake")  # fmt: skip

    def __init__(
        self,
        format_line: Callable[[ExchangeRecord], bytes],
        sink: Sink,
        share: float = 1.0,
        random: Random | None = None,
        cells: AccessLogCells | None = None,
        limit: int = 16_384,
    ) -> None:
        self._format = format_line
        self._sink = sink
        self._share = share
        self._sampled = share < 1.0
        self._random = Random() if random is None else random  # noqa: S311  # samples, guards nothing
        self._cells = AccessLogCells() if cells is None else cells
        self._limit = limit
        self._batch = min(_BATCH, limit)
        self._queue: deque[ExchangeRecord] = deque()
        self._thread: threading.Thread | None = None
        # Owned by the writer's thread: whole lines, and how many bytes of them the sink has taken.
        self._lines = b""
        self._sent = 0
        self._failing = False
        self._resting = True
        self._reopen = False
        self._closing = False
        self._abandoned = False
        self._flushes: deque[threading.Event] = deque()
        self._wake = threading.Event()
        self._urgent = threading.Event()

    def append(self, record: ExchangeRecord) -> None:
        """Log *record*. It never waits and never raises; to be called from one thread, the event loop's."""
        if self._sampled and self._random.random() >= self._share:
            return
        queue = self._queue
        if len(queue) >= self._batch:
            admitted = self._admit(record)
            if admitted is None:
                return
            record = admitted
        queue.append(record)
        # After the append, not before: the writer sets _resting first and looks at the queue second, so one of the two
        # sees the other, and no record lies unnoticed.
        if self._resting:
            self._rouse()

    @property
    def dropped(self) -> int:
        """Records that got no line: the queue was full, or the sink failed until the end."""
        return self._cells.dropped

    def reopen(self) -> None:
        """Have the sink begin a new file before the next line; the file was renamed (log rotation). Returns at once."""
        self._reopen = True
        self._urgent.set()
        self._rouse()

    def flush(self, timeout_s: float = 5.0) -> bool:
        """Wait until everything appended so far was written; False when that took longer than *timeout_s*."""
        done = threading.Event()
        self._flushes.append(done)
        self._rouse()
        return done.wait(timeout_s)

    def close(self, timeout_s: float = 5.0) -> bool:
        """Write what waits and end; False when the sink did not take all, which is then counted as dropped.

        It blocks up to *timeout_s*: call it when the loop serves no more, or from another thread. Later records are
        dropped.
        """
        if self._closing:
            return True
        lost_before = self._cells.lost
        self._closing = True
        self._batch = self._limit = 0
        if self._thread is not None:
            self._urgent.set()
            self._wake.set()
            self._thread.join(timeout_s)
            self._abandoned = True
            if self._thread.is_alive():
                # It may hang in a write that nobody can end; as a daemon it does not keep the process. The sink stays
                # open under it: another file could get the number of a descriptor closed here.
                self._cells.lost += self._waiting()
                return False
        self._cells.lost += self._waiting()
        self._sink.close()
        return self._cells.lost == lost_before

    def _admit(self, record: ExchangeRecord) -> ExchangeRecord | None:
        """What to queue while the writer is behind: *record* without what would not be logged, or None when full."""
        if len(self._queue) >= self._limit:
            self._cells.overflowed += 1
            return None
        if not self._wake.is_set():
            self._wake.set()
        size = max(len(record.target), len(record.user_agent), len(record.referer))
        if size <= FIELD_LIMIT:
            return record
        # One byte over the limit, so that the format still sees that something was cut.
        end = FIELD_LIMIT + 1
        target, user_agent, referer = record.target[:end], record.user_agent[:end], record.referer[:end]
        return replace(record, target=target, user_agent=user_agent, referer=referer)

    def _rouse(self) -> None:
        self._resting = False
        if self._thread is None and not self._closing:
            thread = threading.Thread(target=self._run, name="vizgate-access-log", daemon=True)
            try:
                thread.start()
            except RuntimeError:
                # The machine has no thread to give now; the next record tries again.
                self._resting = True
                return
            self._thread = thread
        self._wake.set()

    def _run(self) -> None:
        while True:
            self._wait_for_work()
            flushes = [self._flushes.popleft() for _ in range(len(self._flushes))]
            if self._reopen:
                self._reopen_sink()
            if self._drain():
                for done in flushes:
                    done.set()
                # The queue, because a record may have come between the end of the drain and close().
                if self._closing and not self._queue:
                    return
                continue
            self._flushes.extendleft(reversed(flushes))
            if self._reopen:
                continue
            if self._closing:
                return
            self._urgent.wait(_RETRY_S)
            self._urgent.clear()

    def _wait_for_work(self) -> None:
        if self._sent < len(self._lines):
            return
        self._resting = True
        if not self._has_orders() and not self._queue:
            self._wake.wait()
        self._resting = False
        self._wake.clear()
        if not self._has_orders() and len(self._queue) < _BATCH:
            self._wake.wait(_LINGER_S)
            self._wake.clear()

    def _has_orders(self) -> bool:
        return self._closing or self._reopen or bool(self._flushes)

    def _drain(self) -> bool:
        """Write until nothing waits; False when the sink failed, or has no room while something else must be done."""
        while True:
            try:
                while self._sent < len(self._lines):
                    self._sent += self._sink.write(self._lines, self._sent)
                    if self._abandoned or self._reopen:
                        return False
            except SinkError as exc:
                self._report(exc)
                return False
            self._failing = False
            if not self._queue:
                return True
            self._lines, self._sent = self._format_slice(), 0

    def _report(self, exc: SinkError) -> None:
        if not self._failing:
            self._failing = True
            _log.error("%s; trying again every second", exc)

    def _format_slice(self) -> bytes:
        take = self._queue.popleft
        lines = []
        for _ in range(min(len(self._queue), _SLICE)):
            try:
                lines.append(self._format(take()))
            except Exception:  # noqa: BLE001  # whatever a format of one's own may raise
                # A record that cannot be told must not cost the ones behind it.
                self._cells.lost += 1
                _log.exception("a request could not be logged")
        return b"".join(lines)

    def _reopen_sink(self) -> None:
        self._reopen = False
        try:
            self._sink.reopen()
        except SinkError as exc:
            _log.error("%s; going on with the old file", exc)
            return
        # A line that was cut in the old file is written whole to the new one.
        self._sent = self._lines.rfind(b"\n", 0, self._sent) + 1

    def _waiting(self) -> int:
        return self._lines.count(b"\n", self._sent) + len(self._queue)

    def __repr__(self) -> str:
        return f"<AccessLog [{len(self._queue)} waiting, {self._cells.dropped} dropped]>"
