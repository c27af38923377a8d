"""One set of numbers for several workers.

In: ``merged``, ``cumulative``, ``with_label``; pure. Not in: asking workers (``gateway.workers``).

What counts is added up. Of what is measured it depends: connections add up; times, and what is either so or not, do
not, and of them the highest is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from vizgate.observe.metrics.fleet.families import Family, Labels, Sample

#: Kinds that only grow, so that what a dead worker has counted still counts.
CUMULATIVE = frozenset({"counter", "histogram", "summary"})
#: Endings of the names of gauges of which the highest is shown.
HIGHEST = ("_seconds", "_timestamp", "_fit", "_blocked", "_state", "_info", "_hash", "_ratio", "_limit", "_targets")
#: Begins the names of what is one process's alone.
PROCESS_PREFIX = ("process_", "python_")


def merged(workers: Iterable[Sequence[Family]]) -> tuple[Family, ...]:
    """The families of all *workers*, each once, by the rules above; in the order in which they first appear."""
    families: dict[str, Family] = {}
    numbers: dict[str, dict[tuple[str, Labels], float]] = {}
    for family in (family for worker in workers for family in worker):
        first = families.setdefault(family.name, family)
        if first.kind != family.kind:
            continue  # half-way through a reload of a plugin; what is of two kinds cannot be one
        _add(numbers.setdefault(family.name, {}), family.samples, _rule(family))
    return tuple(
        family._replace(samples=tuple(Sample(*key, value) for key, value in numbers[name].items()))
        for name, family in families.items()
    )


def _rule(family: Family) -> Callable[[float, float], float]:
    if family.kind in ("info", "stateset") or (family.kind not in CUMULATIVE and family.name.endswith(HIGHEST)):
        return max
    return float.__add__


def _add(
    numbers: dict[tuple[str, Labels], float], samples: Sequence[Sample], rule: Callable[[float, float], float]
) -> None:
    for name, labels, value in samples:
        key = (name, labels)
        before = numbers.get(key)
        if before is None:
            numbers[key] = float(value)
        elif name.endswith("_created"):
            numbers[key] = min(before, value)
        else:
            numbers[key] = rule(before, float(value))


def cumulative(families: Iterable[Family]) -> tuple[Family, ...]:
    """Those of *families* that still count when their worker is gone: not what it measured, nor of its process."""
    return tuple(
        family for family in families if family.kind in CUMULATIVE and not family.name.startswith(PROCESS_PREFIX)
    )


def with_label(families: Iterable[Family], worker: str) -> tuple[Family, ...]:
    """*families*, where those of the process itself have the label ``worker``."""
    return tuple(_labelled(family, worker) if family.name.startswith(PROCESS_PREFIX) else family for family in families)


def _labelled(family: Family, worker: str) -> Family:
    label = ("worker", worker)
    return family._replace(
        samples=tuple(Sample(name, (label, *labels), value) for name, labels, value in family.samples)
    )
