"""Counters and histograms of a gateway, and how Prometheus reads them."""

from __future__ import annotations

from vizgate.observe.metrics.cells import AccessLogCells, GatewayCells, RouteCells, TargetCells
from vizgate.observe.metrics.counters import Counter, CounterFamily
from vizgate.observe.metrics.recorder import DEFAULT_BUCKETS, Metrics

__all__ = [
    "DEFAULT_BUCKETS",
    "AccessLogCells",
    "Counter",
    "CounterFamily",
    "GatewayCells",
    "Metrics",
    "RouteCells",
    "TargetCells",
]
