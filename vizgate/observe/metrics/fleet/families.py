"""Metrics as plain values, which can be sent to another process.

In: ``Family``, ``Sample``, and their form in JSON. Not in: ``prometheus_client`` (``metrics.fleet.registry``), merging
(``metrics.fleet.merge``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

#: Labels and their values, in the order of the family.
Labels = tuple[tuple[str, str], ...]


class Sample(NamedTuple):
    """One number. ``name``: with its ending, such as ``_bucket``."""

    name: str
    labels: Labels
    value: float


class Family(NamedTuple):
    """All numbers of one metric. ``kind``: as Prometheus calls it, such as ``counter``."""

    name: str
    help: str
    kind: str
    unit: str
    samples: tuple[Sample, ...]


def to_json(families: Iterable[Family]) -> list[Any]:
    """*families* as JSON values."""
    return [
        [*family[:4], [[name, dict(labels), value] for name, labels, value in family.samples]] for family in families
    ]


def from_json(values: Sequence[Any]) -> tuple[Family, ...]:
    """What ``to_json`` was given. Raises: ValueError, TypeError, AttributeError: *values* are something else."""
    return tuple(
        Family(
            name,
            help_,
            kind,
            unit,
            tuple(Sample(key, tuple(labels.items()), number) for key, labels, number in samples),
        )
        for name, help_, kind, unit, samples in values
    )
