"""Counters of components: labelled integers that cost an addition.

In: ``Counter`` and ``CounterFamily``. Not in: how they look to Prometheus (``metrics.exposition``).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

#: The most label combinations of one family: more would be a client's doing, and are counted together.
MAX_SERIES = 10_000
_REST = "other"


class Counter:
    """A number that only grows; one thread, the event loop's, adds to it."""

    __slots__ = ("value",)

    def __init__(self) -> None:
        self.value = 0

    def __repr__(self) -> str:
        return f"<Counter {self.value}>"


@dataclass(slots=True)
class CounterFamily:
    """Counters of one name. ``name``: without ``vizgate_`` and ``_total``. ``labels``: names, values go to ``of``."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    series: dict[tuple[str, ...], Counter] = field(default_factory=dict)

    def of(self, *values: str) -> Counter:
        """The counter of these label *values*, always the same; to be bound once where that can be done.

        Raises: ValueError: not one text for each label.
        """
        counter = self.series.get(values)
        if counter is None:
            if len(values) != len(self.labels):
                raise ValueError(f"{self.name} has the labels {self.labels}, not {len(values)} of them")
            if not all(isinstance(value, str) for value in values):
                raise ValueError(f"a label of {self.name} is no text")
            if len(self.series) >= MAX_SERIES:
                values = (_REST,) * len(self.labels)
            counter = self.series.setdefault(values, Counter())
        return counter

    def forget(self, values: Mapping[str, Collection[str]], targets: Collection[tuple[str, str]]) -> None:
        """See ``Metrics.forget``."""
        looked_at = [(place, values[label]) for place, label in enumerate(self.labels) if values.get(label)]
        pair = self.labels[:2] == ("service", "target") and bool(targets)
        if not looked_at and not pair:
            return
        for key in list(self.series):
            if any(key[place] in names for place, names in looked_at) or (pair and key[:2] in targets):
                del self.series[key]
