"""Sources of targets as Prometheus and operators see them.

In: gauges, and a source as plain values. Not in: counting answers (``discovery.feed``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from vizgate.discovery.feed import Feed
from vizgate.gateway.plan import GatewayPlan
from vizgate.observe.metrics import Metrics


def show_sources(metrics: Metrics, plan: Callable[[], GatewayPlan]) -> None:
    """Have *metrics* show what sources of the present *plan* know, and how old that is."""

    def targets() -> Iterator[tuple[tuple[str, ...], float]]:
        for name, feed in _feeds(plan()):
            yield (name,), float(len(feed.targets))

    def ages() -> Iterator[tuple[tuple[str, ...], float]]:
        for name, feed in _feeds(plan()):
            age_s = feed.age_s
            if age_s is not None:
                yield (name,), age_s

    metrics.gauges("discovery_targets", "Targets that a source has given.", ("service",), targets)
    metrics.gauges("discovery_age_seconds", "How old the last good answer of a source is.", ("service",), ages)


def source_document(feed: Feed) -> dict[str, Any]:
    """*feed*, for ``GET /services``."""
    record, age_s = feed.record, feed.age_s
    return {
        "source": feed.source.label,
        "targets": len(feed.targets),
        "age_seconds": None if age_s is None else round(age_s, 3),
        "error": record.error or None,
        "failures": record.failures,
        "failures_in_a_row": record.in_a_row,
    }


def _feeds(plan: GatewayPlan) -> list[tuple[str, Feed]]:
    # A scrape runs in another thread than the one that exchanges services.
    return [(name, service.feed) for name, service in list(plan.services.items()) if service.feed is not None]
