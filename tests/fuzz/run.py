"""Fuzz the parsers of HTTP/1.1 for as long as you like: ``python tests/fuzz/run.py --execs 10000000 --seed 1``.

Prints one line for each target and every finding; the exit code is 1 when there is one.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.fuzz.campaign import Report, fuzz  # after the line above
from tests.fuzz.targets import all_targets

_SLICE = 50_000


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--execs", type=int, default=1_000_000, help="readings in all, over the four targets")
    parser.add_argument("--seed", type=int, default=1, help="where the inputs begin")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    arguments = parser.parse_args()
    count = len(all_targets())
    slices = max(1, arguments.execs // count // _SLICE)
    work = [(number, arguments.execs // count // slices, arguments.seed * 1_000_003 + each)
            for each in range(slices) for number in range(count)]  # fmt: skip
    reports = [Report() for _ in range(count)]
    since_s = time.monotonic()
    with multiprocessing.Pool(arguments.jobs) as pool:
        for number, report in pool.imap_unordered(_slice, work):
            reports[number].add(report)
    _tell(reports, time.monotonic() - since_s)
    return 1 if any(report.findings for report in reports) else 0


def _slice(work: tuple[int, int, int]) -> tuple[int, Report]:
    number, execs, seed = work
    return number, fuzz(all_targets()[number], execs, seed)


def _tell(reports: list[Report], took_s: float) -> None:
    for target, report in zip(all_targets(), reports, strict=True):
        print(
            f"{target.name:16} {report.execs:>11,} execs  {report.inputs:>11,} inputs  {report.sound:>10,} accepted  "
            f"slowest {report.slowest_s * 1e3:.1f} ms  {len(report.findings)} findings"
        )
        for finding in report.findings:
            print(f"    {finding}")
    print(f"{sum(report.execs for report in reports):,} execs in {took_s:.0f} s")


if __name__ == "__main__":
    sys.exit(main())
