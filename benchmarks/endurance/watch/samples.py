"""What a gateway holds, sampled over time, and whether that is flat.

In: ``Sample``, ``Series``. Not in: when to sample (``soak.py``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from statistics import mean

from sidebyside.accounting import memory, process_tree

#: Into how many parts the second half is cut to see whether it is flat.
_PARTS = 5


@dataclass(frozen=True, slots=True)
class Sample:
    """Of all processes of a gateway: memory in bytes (what they share once, files not), descriptors, threads.

    ``tasks``: of one worker.
    """

    memory: float
    descriptors: float
    threads: float
    tasks: float


def take_sample(pid: int, tasks: int) -> Sample:
    """What the process *pid* and its descendants hold now."""
    folders = [Path("/proc") / str(each) for each in process_tree(pid)]
    return Sample(
        memory(pid).own, sum(_entries(each / "fd") for each in folders),
        sum(_entries(each / "task") for each in folders), tasks,
    )  # fmt: skip


def _entries(folder: Path) -> int:
    try:
        return sum(1 for _ in folder.iterdir())
    except OSError:  # it has ended meanwhile
        return 0


@dataclass(frozen=True, slots=True)
class Flatness:
    """Of the parts of a second half: the least of the first and of the last one, and how much the least of all parts
    spread, in percent; ``mean`` of all samples.

    The least, because what is in flight comes and goes with the load of the machine: what leaks does not.
    """

    first: float
    last: float
    spread_percent: float
    mean: float


def flatness(samples: list[Sample]) -> dict[str, Flatness]:
    """How flat each figure is over the second half of *samples*, by its fifths."""
    half = samples[len(samples) // 2 :]
    size = max(1, len(half) // _PARTS)
    parts = [half[start : start + size] for start in range(0, size * _PARTS, size)]
    return {each.name: _of([[getattr(sample, each.name) for sample in part] for part in parts if part])
            for each in fields(Sample)}  # fmt: skip


def _of(parts: list[list[float]]) -> Flatness:
    floors = [min(part) for part in parts]
    low = min(floors)
    spread = 100 * (max(floors) - low) / low if low else 0.0
    return Flatness(floors[0], floors[-1], spread, mean(value for part in parts for value in part))
