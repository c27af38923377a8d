"""A registry in which one collector's fault does not spoil the page.

In: ``PageRegistry``. Not in: what the gateway shows (``exposition``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

_log = logging.getLogger("vizgate.metrics")


class PageRegistry(CollectorRegistry):
    """Collectors of *trusted* are shown as they are. What any other raises, or gives that no format can hold, is logged
    and left out.
    """

    def __init__(self, trusted: Iterable[type[Collector]] = ()) -> None:
        # auto_describe: a plugin's collector that takes one of our names is refused when it is registered.
        super().__init__(auto_describe=True)
        self._trusted = tuple(trusted)

    def collect(self) -> Iterator[Metric]:
        """Every family of every collector."""
        with self._lock:
            collectors = list(self._collector_to_names)
        for collector in collectors:
            if isinstance(collector, self._trusted):
                yield from collector.collect()
            else:
                yield from _checked(collector)


def _checked(collector: Collector) -> list[Metric]:
    try:
        metrics = list(collector.collect())
        for metric in metrics:
            _check(metric)
    except Exception as error:  # noqa: BLE001  # whatever a stranger's collector raises
        kind = type(collector)
        # Once for each scrape, which is seldom. Its text may hold anything.
        _log.error("%s:%s shows nothing: it raised %s", kind.__module__, kind.__qualname__, type(error).__name__)
        return []
    return metrics


def _check(metric: Metric) -> None:
    """Raise TypeError or ValueError when no format can hold *metric*."""
    words = [metric.name, metric.documentation]
    for sample in metric.samples:
        float(sample.value)
        words += [sample.name, *sample.labels, *sample.labels.values()]
    if not all(isinstance(word, str) for word in words):
        raise TypeError("a name or a label is no text")
