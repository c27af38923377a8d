"""Runs targets on many inputs and keeps what was found.

In: ``fuzz`` and its ``Report``. Not in: processes and the command line (``tests/fuzz/run.py``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.fuzz.mutator import Mutator
from tests.fuzz.readers import Verdict
from tests.fuzz.targets import Read, Target

#: No input may keep a reader busy for longer, in seconds of its own processor time.
HANG_S = 0.05
_BATCH = 500
_MOST_FINDINGS = 10


@dataclass(slots=True)
class Report:
    """What was done and found. ``execs``: inputs read by one reader in one way; ``sound``: inputs accepted."""

    inputs: int = 0
    execs: int = 0
    sound: int = 0
    slowest_s: float = 0.0
    findings: list[str] = field(default_factory=list)

    def add(self, other: Report) -> None:
        """Take the numbers of *other* into this."""
        self.inputs += other.inputs
        self.execs += other.execs
        self.sound += other.sound
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.findings += other.findings

    def meter(self, read: Read, codec: Any, raw: bytes, size: int, before: Sequence[bytes] = ()) -> Verdict:
        """Read *raw*, count it and time it."""
        self.execs += 1
        since_s = time.thread_time()
        verdict = read(codec, raw, size, before)
        took_s = time.thread_time() - since_s
        if took_s > HANG_S:
            took_s = min(took_s, *[_time(read, codec, raw, size) for _ in range(3)])
            if took_s > HANG_S:
                self.findings.append(f"hang of {took_s:.3f} s in pieces of {size} on {raw!r}")
        self.slowest_s = max(self.slowest_s, took_s)
        return verdict


def _time(read: Read, codec: Any, raw: bytes, size: int) -> float:
    since_s = time.thread_time()
    read(codec, raw, size)
    return time.thread_time() - since_s


def fuzz(target: Target, execs: int, seed: int) -> Report:
    """Give *target* inputs until *execs* readings are done; whatever it raises is a finding."""
    report = Report()
    mutator = Mutator(target.seeds, seed)
    while report.execs < execs and len(report.findings) < _MOST_FINDINGS:
        for raw in mutator.take(_BATCH):
            if len(report.findings) >= _MOST_FINDINGS:
                break
            report.inputs += 1
            try:
                if target.check(raw, report.meter):
                    report.sound += 1
                    mutator.grow(raw)
            except Exception as error:  # noqa: BLE001  # a crash is what is being looked for
                report.findings.append(f"{target.name}: {type(error).__name__}: {error} on {raw!r}")
    return report
