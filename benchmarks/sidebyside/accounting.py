"""CPU time and memory of a process and all its descendants, from /proc.

In: reading. Not in: when to read (``measure``).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

_TICK_US = 1_000_000 // os.sysconf("SC_CLK_TCK")
_PPID, _UTIME, _STIME, _CUTIME, _CSTIME = 1, 11, 12, 13, 14  # places in /proc/PID/stat after the command, proc(5)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes of a process tree: ``rss`` counts shared pages in every process, ``pss`` once; ``peak_rss`` since start.

    ``own``: as ``pss``, without pages of files, whose share depends on who else on the machine has opened them.
    """

    rss: int
    pss: int
    peak_rss: int
    own: int


def process_tree(root: int) -> list[int]:
    """*root* and all its living descendants, parents first."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _stat_fields(int(entry.name))):
            children.setdefault(int(stat[_PPID]), []).append(int(entry.name))
    tree = [root]
    for pid in tree:  # grows while it is walked
        tree.extend(children.get(pid, ()))
    return tree


def cpu_time_us(root: int) -> int:
    """User and system time of the tree in microseconds, with that of children that have ended and were waited for."""
    ticks = 0
    for pid in process_tree(root):
        stat = _stat_fields(pid)
        ticks += sum(int(stat[place]) for place in (_UTIME, _STIME, _CUTIME, _CSTIME)) if stat else 0
    return ticks * _TICK_US


def memory(root: int) -> Memory:
    """Memory of the tree now."""
    rss = pss = peak = own = 0
    for pid in process_tree(root):
        rollup = _sizes(Path(f"/proc/{pid}/smaps_rollup"))
        status = _sizes(Path(f"/proc/{pid}/status"))
        rss += rollup.get("Rss", status.get("VmRSS", 0))
        pss += rollup.get("Pss", status.get("VmRSS", 0))
        own += rollup.get("Pss_Anon", 0) + rollup.get("Pss_Shmem", 0)
        peak += status.get("VmHWM", 0)
    return Memory(rss, pss, peak, own)


def _stat_fields(pid: int) -> list[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended meanwhile
        return []
    return text.rpartition(")")[2].split()  # the command may hold spaces and parentheses


def _sizes(path: Path) -> dict[str, int]:
    """The ``Name:  123 kB`` lines of *path*, in bytes; empty when the process has ended."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    pairs = [line.split() for line in lines if line.endswith(" kB")]
    return {words[0].rstrip(":"): int(words[1]) * 1024 for words in pairs if len(words) == 3}
