"""The machine a run took place on, in the words a reader needs to judge the numbers."""

from __future__ import annotations

import os
import platform
from pathlib import Path

from sidebyside.programs import ask, require_program, version_in


def describe_machine() -> dict[str, str]:
    """CPU, cores, memory, kernel, distribution, load before the run, versions of wrk and the upstream."""
    # wrk has no flag for its version alone: `-v` prints it and exits with 1 like a usage error.
    return {
        "CPU": _first_value("/proc/cpuinfo", "model name") or platform.processor() or "?",
        "Cores": str(len(os.sched_getaffinity(0))),
        "Memory": f"{_memory_gib():.1f} GiB",
        "Kernel": f"{platform.system()} {platform.release()}",
        "System": _distribution(),
        "Load average before": f"{os.getloadavg()[0]:.2f}",
        "wrk": version_in(ask([require_program("wrk"), "-v"], accept_failure=True)),
        "Upstream": f"nginx {version_in(ask([require_program('nginx'), '-v']))}, one worker",
    }


def describe_place() -> str:
    """The machine in one line of a page."""
    python, cpu = platform.python_version(), _first_value("/proc/cpuinfo", "model name") or platform.processor() or "?"
    cores, kernel = len(os.sched_getaffinity(0)), f"{platform.system()} {platform.release()}"
    return f"Python {python}, {cpu}, {cores} cores, {kernel}.\n"


def _first_value(path: str, name: str) -> str:
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        key, _, value = line.partition(":")
        if key.strip() == name:
            return value.strip()
    return ""


def _memory_gib() -> float:
    return int(_first_value("/proc/meminfo", "MemTotal").split()[0]) / 1024**2


def _distribution() -> str:
    try:
        return platform.freedesktop_os_release().get("PRETTY_NAME", "?")
    except OSError:
        return "?"
