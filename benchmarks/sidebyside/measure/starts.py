"""How long programs take to be there: from start to listening, and `vizgate version`."""

from __future__ import annotations

import resource
import subprocess
import sys
import time

from sidebyside.accounting import cpu_time_us
from sidebyside.contenders import Contender
from sidebyside.contenders.vizgate_gateway import VIZGATE
from sidebyside.report.results import StartResult
from sidebyside.session import Session
from sidebyside.site import PROJECT


def measure_start(session: Session, contender: Contender) -> StartResult:
    """Start *contender* and stop it. Raises: StartFailed: it never listened."""
    with session.running(contender) as entry:
        return StartResult(contender.name, entry.listening_after_s, cpu_time_us(entry.process.pid) / 1e6)


def measure_version_command(times: int) -> list[StartResult]:
    """Run `python -m vizgate version` and, for comparison, an interpreter that does nothing."""
    commands = {"vizgate version": [*VIZGATE, "version"], "python -c pass": [sys.executable, "-c", "pass"]}
    return [_timed(name, command) for _ in range(times) for name, command in commands.items()]


def _timed(name: str, command: list[str]) -> StartResult:
    before_cpu_s, before_s = _children_cpu_s(), time.perf_counter()
    subprocess.run(command, check=True, cwd=PROJECT, stdout=subprocess.DEVNULL, timeout=30)
    return StartResult(name, time.perf_counter() - before_s, _children_cpu_s() - before_cpu_s)


def _children_cpu_s() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
