"""The numbers themselves: plain integers that the hot path adds to.

In: cells, bound once to their labels and held by the plan. Not in: names and text formats (``metrics.exposition``).
A cell costs a tenth of a bound ``prometheus_client`` child, because it takes no lock: one thread, the event loop's,
writes. Another thread may read at any time; it sees each number whole.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, field

from vizgate.errors import Termination
from vizgate.observe.metrics.counters import CounterFamily
from vizgate.observe.metrics.gauges import GaugeFamily

#: Values of the label ``method``. Any other token counts as "other": a client must not be able to create series.
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "CONNECT"})
OTHER = "other"

_NORMAL = Termination.NORMAL

#: How an attempt at a target may end, by the termination that it led to; what is missing was not the target's doing.
_OUTCOMES = {
    Termination.NORMAL: "ok",
    Termination.CONNECT_FAILURE: "connect_failure",
    Termination.UPSTREAM_TIMEOUT: "timeout",
    Termination.UPSTREAM_RESET: "reset",
    Termination.UPSTREAM_INVALID: "invalid",
}
CANCELLED = "cancelled"
OUTCOMES = (*_OUTCOMES.values(), CANCELLED)


class Histogram:
    """Observed seconds, counted by the smallest bound that is not below them."""

    __slots__ = ("bounds", "counts", "total_s")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total_s = 0.0

    def observe(self, seconds: float) -> None:
        """Count one observation; a bound is inclusive, as ``le`` is."""
        self.counts[bisect_left(self.bounds, seconds)] += 1
        self.total_s += seconds


class TerminationCells:
    """How exchanges ended, over all routes; the usual end has a slot of its own: hashing an enum member is slow."""

    __slots__ = ("normal", "others")

    def __init__(self) -> None:
        self.normal = 0
        self.others: dict[Termination, int] = {}

    def count(self, termination: Termination) -> None:
        """One exchange ended so."""
        if termination is _NORMAL:
            self.normal += 1
        else:
            self.others[termination] = self.others.get(termination, 0) + 1


class RouteCells:
    """What one route served; the route named "" stands for requests that matched none."""

    __slots__ = ("bytes_in", "bytes_out", "duration", "requests", "terminations")

    def __init__(self, bounds: tuple[float, ...], terminations: TerminationCells) -> None:
        #: By method, then by status (0 for one outside 100-599).
        self.requests: dict[str, dict[int, int]] = {}
        self.duration = Histogram(bounds)
        self.bytes_in = 0
        self.bytes_out = 0
        self.terminations = terminations

    def complete(
        self, method: str, status: int, duration_s: float, bytes_in: int, bytes_out: int, termination: Termination
    ) -> None:
        """Count a completed request. Call it once per request, from the event loop's thread."""
        try:
            self.requests[method][status] += 1
        except KeyError:
            self._count_new(method, status)
        duration = self.duration  # ``observe``, without its call
        duration.counts[bisect_left(duration.bounds, duration_s)] += 1
        duration.total_s += duration_s
        self.bytes_in += bytes_in
        self.bytes_out += bytes_out
        if termination is _NORMAL:
            self.terminations.normal += 1
        else:
            self.terminations.count(termination)

    def _count_new(self, method: str, status: int) -> None:
        by_status = self.requests.setdefault(method if method in METHODS else OTHER, {})
        key = status if 100 <= status <= 599 else 0
        by_status[key] = by_status.get(key, 0) + 1

    def __repr__(self) -> str:
        total = sum(sum(by_status.values()) for by_status in self.requests.values())
        return f"<RouteCells [{total} requests]>"


class TargetCells:
    """What one target of one service did, attempt by attempt."""

    __slots__ = ("attempts", "duration", "ok")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.ok = 0
        #: By outcome, all but "ok".
        self.attempts: dict[str, int] = {}
        self.duration = Histogram(bounds)

    def answer(self, seconds: float) -> None:
        """A response head came, *seconds* after the attempt began."""
        duration = self.duration  # ``observe``, without its call
        duration.counts[bisect_left(duration.bounds, seconds)] += 1
        duration.total_s += seconds

    def end(self, termination: Termination) -> None:
        """An attempt is over. Call it once per attempt.

        Args: termination: ``NORMAL`` for an answer relayed whole, else that of the error which ended the attempt.
        """
        if termination is _NORMAL:
            self.ok += 1
        else:
            outcome = _OUTCOMES.get(termination, CANCELLED)
            self.attempts[outcome] = self.attempts.get(outcome, 0) + 1

    def __repr__(self) -> str:
        return f"<TargetCells [ok: {self.ok} | failed: {sum(self.attempts.values())}]>"


class GatewayCells:
    """What belongs to no route; the gateway adds to the attributes itself."""

    __slots__ = ("connections_active", "connections_total", "requests_active")

    def __init__(self) -> None:
        self.connections_active = 0
        self.connections_total = 0
        self.requests_active = 0


class AccessLogCells:
    """Lines that were not written. Two numbers because two threads count, and each needs one of its own."""

    __slots__ = ("lost", "overflowed")

    def __init__(self) -> None:
        #: The queue was full; counted by the event loop's thread.
        self.overflowed = 0
        #: The line could not be made or written; counted by the thread that writes.
        self.lost = 0

    @property
    def dropped(self) -> int:
        """All of them."""
        return self.overflowed + self.lost


@dataclass(frozen=True, slots=True)
class CellSet:
    """Every cell of a process, keyed by its label values, so that it goes on counting across reloads."""

    version: str
    gateway: GatewayCells
    access_log: AccessLogCells
    terminations: TerminationCells
    routes: dict[str, RouteCells]
    #: By (service, address).
    targets: dict[tuple[str, str], TargetCells]
    #: Of components, by name.
    counters: dict[str, CounterFamily]
    gauges: dict[str, GaugeFamily] = field(default_factory=dict)
