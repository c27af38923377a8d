"""``Metrics``: the door through which the gateway counts and an admin listener reads.

In: handing out cells by label. Not in: the cells (``metrics.cells``) and Prometheus's formats (``metrics.exposition``).
"""

from __future__ import annotations

import math
import threading
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from vizgate.observe.metrics.cells import (
    AccessLogCells,
    CellSet,
    GatewayCells,
    Histogram,
    RouteCells,
    TargetCells,
    TerminationCells,
)
from vizgate.observe.metrics.counters import CounterFamily
from vizgate.observe.metrics.gauges import GaugeFamily, ReadGauges
from vizgate.observe.metrics.names import check_family

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

DEFAULT_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Metrics:
    """The counters of one process; they survive a reload, because they are keyed by label values, not by plan.

    Labels come from configuration only (names of routes and services, addresses of targets) or from bounded sets, so
    no client can make the number of series grow.

    ``gateway``: connections and requests in flight, for the gateway to add to. ``access_log``: to be given to
    ``AccessLog``. ``unrouted``: the cells of requests that matched no route.

    Args: buckets: upper bounds in seconds, ascending. version: for ``vizgate_build_info``.
    Raises: ValueError: *buckets* cannot be bounds of a histogram.
    """

    __slots__ = ("_bounds", "_cells", "_lock", "_registry", "_terminations", "access_log", "gateway", "unrouted")

    def __init__(self, buckets: Sequence[float] = DEFAULT_BUCKETS, version: str = "") -> None:
        self._bounds = _checked_bounds(buckets)
        self._terminations = TerminationCells()
        self.gateway = GatewayCells()
        self.access_log = AccessLogCells()
        self._cells = CellSet(version, self.gateway, self.access_log, self._terminations, {}, {}, {})
        self._registry: CollectorRegistry | None = None
        self._lock = threading.Lock()
        self.unrouted = self.route("")

    def route(self, name: str) -> RouteCells:
        """The cells of the route *name*; always the same object for the same name."""
        routes = self._cells.routes
        if name not in routes:
            routes[name] = RouteCells(self._bounds, self._terminations)
        return routes[name]

    def target(self, service: str, address: str) -> TargetCells:
        """The cells of one target; always the same object for the same *service* and *address*."""
        targets = self._cells.targets
        if (service, address) not in targets:
            targets[service, address] = TargetCells(self._bounds)
        return targets[service, address]

    def counters(self, name: str, help: str, labels: tuple[str, ...] = ()) -> CounterFamily:  # noqa: A002  # Prometheus's word
        """The counters ``vizgate_<name>_total`` of a component; always the same object for the same name.

        Raises: ValueError: the name is taken by a family with other labels, or cannot be one; see ``names``.
        """
        if name not in self._cells.counters:
            check_family(name, help, labels, self._cells.gauges)
        family = self._cells.counters.setdefault(name, CounterFamily(name, help, labels))
        if family.labels != labels:
            raise ValueError(f"the counters {name} have the labels {family.labels} already")
        return family

    def gauges(self, name: str, help: str, labels: tuple[str, ...], read: ReadGauges) -> None:  # noqa: A002  # as above
        """Show the gauges ``vizgate_<name>`` that *read* gives; it takes the place of an earlier one of that name.

        Args: read: called by each scrape, in a thread of its own; what it raises leaves the family out.
        Raises: ValueError: the name cannot be one; see ``names``.
        """
        check_family(name, help, labels, self._cells.counters)
        self._cells.gauges[name] = GaugeFamily(name, help, labels, read)

    def forget(self, values: Mapping[str, Collection[str]], targets: Collection[tuple[str, str]]) -> None:
        """Drop the series that have one of *values*, by label, and those of *targets*, each a service and an address.

        Whoever still counts there counts for nobody; called by these names again, a series begins at zero.
        """
        for route in values.get("route", ()):
            self._cells.routes.pop(route, None)
        services = values.get("service", ())
        for target in [*targets, *(key for key in list(self._cells.targets) if key[0] in services)]:
            self._cells.targets.pop(target, None)
        for family in list(self._cells.counters.values()):
            family.forget(values, targets)

    def use_buckets(self, buckets: Sequence[float]) -> None:
        """Take the bounds of a reloaded configuration; if they differ, every histogram begins again at zero.

        A scraper takes that for a restarted process.

        Raises: ValueError: *buckets* cannot be bounds of a histogram; nothing was changed.
        """
        bounds = _checked_bounds(buckets)
        if bounds == self._bounds:
            return
        self._bounds = bounds
        # New objects, not emptied ones: a scrape in another thread sees bounds and counts that belong together.
        for route in self._cells.routes.values():
            route.duration = Histogram(bounds)
        for target in self._cells.targets.values():
            target.duration = Histogram(bounds)

    @property
    def registry(self) -> CollectorRegistry:
        """The registry that is exposed; plugins register collectors of their own here.

        It is not ``prometheus_client``'s global one: two gateways in one process do not count into each other.
        """
        # Here and not above: the import costs tens of milliseconds, and a gateway without scrapes never needs it.
        from vizgate.observe.metrics.exposition import build_registry

        # Two first scrapes in two threads: a collector registered with the loser's registry would never be seen.
        with self._lock:
            if self._registry is None:
                self._registry = build_registry(self._cells)
            return self._registry

    def exposition(self, accept: str = "") -> tuple[str, bytes]:
        """Everything as (content type, body), in OpenMetrics or Prometheus text as the ``Accept`` value *accept* asks.

        It may be called from another thread, so that thousands of routes do not hold up the event loop.
        """
        from vizgate.observe.metrics.exposition import expose

        return expose(self.registry, accept)

    def __repr__(self) -> str:
        return f"<Metrics [{len(self._cells.routes)} routes, {len(self._cells.targets)} targets]>"


def _checked_bounds(buckets: Sequence[float]) -> tuple[float, ...]:
    bounds = tuple(float(bound) for bound in buckets)
    if not bounds or any(not (math.isfinite(bound) and bound > 0) for bound in bounds):
        raise ValueError("buckets must be positive numbers of seconds, at least one")
    if any(low >= high for low, high in pairwise(bounds)):
        raise ValueError("buckets must ascend")
    return bounds
