"""Gauges of components: numbers that are looked up when somebody asks.

In: ``GaugeFamily``. Not in: how they look to Prometheus (``metrics.exposition``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

#: Gives label values and number of each gauge. It runs in another thread than the event loop's.
ReadGauges = Callable[[], Iterable[tuple[tuple[str, ...], float]]]


@dataclass(frozen=True, slots=True)
class GaugeFamily:
    """Gauges of one name. ``name``: without ``vizgate_``. ``labels``: names, in the order of what ``read`` gives."""

    name: str
    help: str
    labels: tuple[str, ...]
    read: ReadGauges
