"""One of three targets misbehaves under a steady load: what do clients see, and what is left behind?

Usage: python benchmarks/faults.py [--rate 500] [--seconds 20] [--only NAME] [--json] [--write docs/faults.md]

For each fault: a fresh gateway, a steady load for some seconds while all is well, then the fault in one target while
the load goes on, then silence, and a look at the connections and the memory that the gateway has then. All on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import platform
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from trouble.gateway import WatchedGateway
from trouble.load import Load, Seen
from trouble.page import row, write_measured
from trouble.target import FAULTS, Target

#: Idle connections are closed after this, so that it can be seen whether any other is left.
_IDLE_S = 1.0
_QUIET_S = 2.5
ALL_DOWN, NAME_GONE, NONE = "all targets refuse", "its name is gone from DNS", "none"
CASES = (NONE, *FAULTS, NAME_GONE, ALL_DOWN)

SERVICE = {
    "timeouts": {"connect": "250ms", "response": "2s"},
    "pool": {"idle_timeout": f"{_IDLE_S:g}s"},
    "retry": {
        "attempts": 3,
        "on": ["connect_failure", "reset", "timeout", "invalid", 502, 503, 504],
        "per_try_timeout": "250ms",
        "backoff": "10ms",
    },
    "breaker": {"minimum_requests": 10, "window_requests": 20, "open_for": "5s"},
}


@dataclass
class Result:
    """What came of one fault. ``failed_percent``: of requests, answers cut inside their body not counted."""

    fault: str
    requests: int
    failed: int
    failed_percent: float
    cut: int
    p50_ms: float
    p99_ms: float
    files_before: int
    files_after: int
    memory_before_mib: float
    memory_after_mib: float


async def measure(fault: str, rate: int, seconds: float, well_s: float) -> Result:
    targets = [Target() for _ in range(3)]
    for target in targets:
        await target.start()
    urls = [f"http://127.0.0.1:{target.port}" for target in targets]
    if fault == NAME_GONE:
        urls[1] = "http://gone.invalid:80"
    config = {
        "version": 1,
        "services": {"api": {"targets": urls, **SERVICE}},
        "routes": [{"match": {"path": "/*"}, "service": "api"}],
        "observe": {"access_log": {"format": "off"}},
    }
    try:
        with tempfile.TemporaryDirectory() as folder:
            async with WatchedGateway(config, Path(folder)) as gateway:
                return await _under_load(gateway, targets, fault, (rate, seconds, well_s))
    finally:
        for target in targets:
            await target.misbehave("")
            target.stop()


async def _under_load(
    gateway: WatchedGateway, targets: list[Target], fault: str, shape: tuple[int, float, float]
) -> Result:
    rate, seconds, well_s = shape
    load = Load(gateway.port)
    await load.run(rate, 1.0)
    load.close()
    await asyncio.sleep(_QUIET_S)
    before = gateway.open_files, gateway.memory_mib
    await load.run(rate, well_s)
    for target in targets if fault == ALL_DOWN else targets[1:2]:
        if fault in FAULTS or fault == ALL_DOWN:
            await target.misbehave("refuses" if fault == ALL_DOWN else fault)
    seen = await load.run(rate, seconds)
    load.close()
    for target in targets:
        await target.misbehave("")
    await asyncio.sleep(_QUIET_S)
    return _result(fault, seen, before, (gateway.open_files, gateway.memory_mib))


def _result(fault: str, seen: Seen, before: tuple[int, float], after: tuple[int, float]) -> Result:
    return Result(
        fault=fault,
        requests=seen.total,
        failed=seen.failures,
        failed_percent=round(100 * seen.failures / seen.total, 3),
        cut=seen.cut,
        p50_ms=round(seen.quantile(0.5) * 1000, 1),
        p99_ms=round(seen.quantile(0.99) * 1000, 1),
        files_before=before[0],
        files_after=after[0],
        memory_before_mib=round(before[1], 1),
        memory_after_mib=round(after[1], 1),
    )


def table(results: list[Result], rate: int, seconds: float) -> str:
    version, system = platform.python_version(), f"{platform.system()} {platform.machine()}"
    head = f"{rate} requests a second for {seconds:g} s, one of three targets faulty. Python {version}, {system}."
    columns = ("the fault", "requests", "failed", "cut in the body", "p50, p99 in ms", "files before, after",
               "MiB before, after")  # fmt: skip
    lines = [head, "", row(columns), row(["---"] * len(columns))]
    lines.extend(row(cells(each)) for each in results)
    return "\n".join(lines) + "\n"


def cells(result: Result) -> list[str]:
    return [
        result.fault,
        str(result.requests),
        f"{result.failed} ({result.failed_percent:g} %)",
        str(result.cut),
        f"{result.p50_ms:g}, {result.p99_ms:g}",
        f"{result.files_before}, {result.files_after}",
        f"{result.memory_before_mib:g}, {result.memory_after_mib:g}",
    ]


async def main(arguments: argparse.Namespace) -> None:
    results = []
    for fault in [arguments.only] if arguments.only else CASES:
        result = await measure(fault, arguments.rate, arguments.seconds, arguments.well)
        results.append(result)
        if arguments.json:
            print(json.dumps(asdict(result)), flush=True)
        else:
            print(row(cells(result)), flush=True)
    if arguments.write:
        write_measured(Path(arguments.write), table(results, arguments.rate, arguments.seconds))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=int, default=500, help="requests a second")
    parser.add_argument("--seconds", type=float, default=20.0, help="how long the fault lasts")
    parser.add_argument("--well", type=float, default=2.0, help="how long all is well before; 0: the fault is first")
    parser.add_argument("--only", choices=CASES, help="one fault instead of all")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--write", help="a page whose measured table is replaced")
    asyncio.run(main(parser.parse_args()))
