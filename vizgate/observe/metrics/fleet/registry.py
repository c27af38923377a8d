"""Between plain families and ``prometheus_client``.

In: reading a registry, showing families. Not in: what the families are of (``metrics.exposition``).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from vizgate.observe.metrics.exposition import expose
from vizgate.observe.metrics.fleet.families import Family, Sample


def families_of(registry: CollectorRegistry) -> tuple[Family, ...]:
    """Everything that *registry* has now, what plugins have registered included."""
    return tuple(
        Family(
            metric.name, metric.documentation, metric.type, metric.unit,
            tuple(Sample(sample.name, tuple(sample.labels.items()), float(sample.value)) for sample in metric.samples),
        )
        for metric in registry.collect()
    )  # fmt: skip


def expose_families(families: Sequence[Family], accept: str) -> tuple[str, bytes]:
    """*families* as (content type, text), in the format that *accept* asks for."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(families))
    return expose(registry, accept)


class _Fixed(Collector):
    """Gives what it was given."""

    def __init__(self, families: Sequence[Family]) -> None:
        self._families = families

    def collect(self) -> Iterator[Metric]:
        for family in self._families:
            metric = Metric(family.name, family.help, family.kind, family.unit)
            for name, labels, value in family.samples:
                metric.add_sample(name, dict(labels), value)
            yield metric
