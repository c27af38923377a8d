"""How many cores this process may use.

In: ``usable_cores``, and the forms in which Linux tells of a quota. Not in: what is done with the number.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath
from typing import Literal

from vizgate.transport.sharing.page import MOST_WORKERS

_ROOT = PurePosixPath("/sys/fs/cgroup")

#: Gives the text of a file, "" when it cannot be read.
Read = Callable[[str], str]


def usable_cores(read: Read | None = None) -> int:
    """Cores that this process may run on, by its affinity and by the quota of its group; at least 1.

    A quota of one and a half is 2: two workers can use it up, one cannot.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = cpu_quota(read or _read)
    return cores if quota is None else max(1, min(cores, math.ceil(quota)))


def worker_count(workers: int | Literal["auto"]) -> int:
    """How many processes ``server.workers`` means on this machine, now."""
    return min(usable_cores(), MOST_WORKERS // 2) if workers == "auto" else workers


def cpu_quota(read: Read) -> float | None:
    """The share of cores, such as 1.5, that the groups of this process leave it; None without a limit.

    Source: cgroups(7), and ``cpu.max`` in the kernel's cgroup-v2.rst. A group is bounded by those above it.
    """
    found = [quota for text in _limits(read) if (quota := text) is not None]
    return min(found, default=None)


def _limits(read: Read) -> Iterator[float | None]:
    for line in read("/proc/self/cgroup").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            for folder in _upwards(_ROOT, path):
                yield parse_cpu_max(read(f"{folder}/cpu.max"))
        elif "cpu" in controllers.split(","):
            for folder in _upwards(_ROOT / "cpu", path):
                yield parse_cfs(read(f"{folder}/cpu.cfs_quota_us"), read(f"{folder}/cpu.cfs_period_us"))


def _upwards(root: PurePosixPath, path: str) -> Iterator[PurePosixPath]:
    """The folder of the group *path* and of those above it. In a container the first may not be there, the root is."""
    folder = root / path.lstrip("/")
    while folder != root and root in folder.parents:
        yield folder
        folder = folder.parent
    yield root


def parse_cpu_max(text: str) -> float | None:
    """The quota in a ``cpu.max``, such as ``150000 100000``; None for ``max`` and for anything else."""
    quota, _, period = text.strip().partition(" ")
    return parse_cfs(quota, period)


def parse_cfs(quota: str, period: str) -> float | None:
    """*quota* microseconds in every *period*; None without a limit, which is -1 or ``max``, and for anything else."""
    try:
        of, in_all = int(quota), int(period)
    except ValueError:
        return None
    return of / in_all if of > 0 and in_all > 0 else None


def _read(path: str) -> str:
    try:
        return Path(path).read_text("ascii")
    except (OSError, UnicodeDecodeError):
        return ""
