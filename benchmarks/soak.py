"""Hours of mixed traffic, or minutes: do memory, descriptors and tasks stay where they are, and is every body right?

Usage: python benchmarks/soak.py [--minutes 10] [--workers 1] [--share 0.5] [--tolerance 2] [--json] [--docs]

wrk keeps the gateway at *share* of a core; beside it go clients of every kind (kept connections and new ones, plain and
TLS, tunnels, some that break off), and every few seconds the configuration is loaded again. Exit code 1: a body was
wrong, a request failed, a figure was not flat over the second half, or the log tells of something nobody handled. All
on loopback.
"""

from __future__ import annotations

import argparse
import asyncio
import http.client
import json
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent))
from endurance.clients.bulk import BulkResult, open_bulk
from endurance.clients.visitors import Crowd
from endurance.outcome import add_output, conclude
from endurance.served.arena import open_arena
from endurance.served.gateway import KEY, GatewayUnderTest
from endurance.watch.samples import Flatness, Sample, flatness, take_sample
from sidebyside.accounting import cpu_time_us
from sidebyside.report.machine import describe_place
from trouble.page import table

_CROWD = {
    "kept": 16, "kept, seldom used": 300, "kept, TLS": 8, "a connection each": 4, "a connection each, TLS": 2,
    "tunnel": 8, "abort": 2,
}  # fmt: skip
_PAUSE_S = 0.1
_BULK_PAUSE_MS = 5
_CALIBRATION_S = 3
_SAMPLE_EVERY_S = 2.0
_WARM_UP_S = 2.0
#: So much longer wrk goes on than is looked at.
_LONGER_S = 3.0
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed. ``cpu_share``: of one core, used by the gateway on average."""

    seconds: float
    workers: int
    cpu_share: float
    bulk: BulkResult
    right: dict[str, int]
    aborted: int
    failures: dict[str, int]
    wrong_bodies: int
    reloads: int
    figures: dict[str, Flatness]
    before: Sample
    after: Sample
    alarms: list[str]

    def faults(self, tolerance_percent: float) -> list[str]:
        """Everything that should not be."""
        found = [f"{number} requests: {what}" for what, number in self.failures.items()]
        bulk = self.bulk.broken + self.bulk.status
        found += [f"{bulk} requests of wrk failed"] * bool(bulk)
        found += [f"{self.wrong_bodies} wrong bodies"] * bool(self.wrong_bodies)
        found += [f"{name} spread by {flat.spread_percent:.1f} % over the second half"
                  for name, flat in self.figures.items() if flat.spread_percent > tolerance_percent]  # fmt: skip
        return found + [f"log: {line}" for line in self.alarms]


async def soak(gateway: GatewayUnderTest, arguments: argparse.Namespace) -> Result:
    seconds = arguments.minutes * 60
    crowd = Crowd(gateway.port, gateway.tls_port, gateway.trust, KEY, random.Random(arguments.seed))
    connections = arguments.connections or await _connections_for(gateway, arguments.share * arguments.workers)
    await asyncio.sleep(arguments.quiet)
    before = _sample(gateway)
    cpu_us, began_s = cpu_time_us(gateway.process.pid), time.monotonic()
    with open_bulk(gateway.port, connections, seconds + _LONGER_S, _BULK_PAUSE_MS) as bulk:
        async with asyncio.TaskGroup() as group:
            crowd.start(group, _CROWD, _PAUSE_S)
            reloading = group.create_task(_reload_now_and_then(gateway, arguments.reload_every))
            samples = await _watch(gateway, seconds)
            crowd.is_over = True
            reloading.cancel()
        result = await asyncio.to_thread(bulk.finish, 30.0)
    cpu_share = (cpu_time_us(gateway.process.pid) - cpu_us) / 1e6 / (time.monotonic() - began_s)
    await asyncio.sleep(arguments.quiet)
    return Result(
        seconds=seconds,
        workers=arguments.workers,
        cpu_share=cpu_share,
        bulk=result,
        right=dict(crowd.ledger.right),
        aborted=crowd.ledger.aborted,
        failures=dict(crowd.ledger.split([])[1]),
        wrong_bodies=crowd.ledger.wrong_bodies + result.wrong,
        reloads=gateway.generation - 1,
        figures=flatness(samples),
        before=before,
        after=_sample(gateway),
        alarms=gateway.alarms(),
    )


async def _connections_for(gateway: GatewayUnderTest, cores: float) -> int:
    """How many connections of wrk, each with its pause, make the gateway use so many cores."""
    await asyncio.sleep(_WARM_UP_S)
    connections = 20
    for _ in range(2):  # under more load a request costs less
        used_us = cpu_time_us(gateway.process.pid)
        with open_bulk(gateway.port, connections, _CALIBRATION_S, _BULK_PAUSE_MS) as bulk:
            await asyncio.to_thread(bulk.finish, 30.0)
        used_us = cpu_time_us(gateway.process.pid) - used_us
        connections = max(1, min(1000, round(connections * cores * _CALIBRATION_S * 1e6 / used_us)))
    return connections


async def _watch(gateway: GatewayUnderTest, seconds: float) -> list[Sample]:
    samples = []
    end_s = time.monotonic() + seconds
    while time.monotonic() < end_s:
        await asyncio.sleep(min(_SAMPLE_EVERY_S, seconds / 20))
        samples.append(await asyncio.to_thread(_sample, gateway))
    return samples


def _sample(gateway: GatewayUnderTest) -> Sample:
    connection = http.client.HTTPConnection("127.0.0.1", gateway.port, timeout=20)
    connection.request("GET", "/tasks", headers={"Connection": "close"})
    tasks = json.loads(connection.getresponse().read())["tasks"]
    connection.close()
    return take_sample(gateway.process.pid, tasks)


async def _reload_now_and_then(gateway: GatewayUnderTest, every_s: float) -> None:
    while every_s:
        await asyncio.sleep(every_s)
        gateway.reload()


def report(result: Result) -> str:
    """The page's measured part."""
    bulk = result.bulk
    failed = bulk.broken + bulk.status + sum(result.failures.values())
    summary = (
        f"{result.seconds / 60:g} minutes with {result.workers} worker{'s' * (result.workers > 1)} at "
        f"{result.cpu_share / result.workers:.0%} of a core each, {result.reloads} reloads. "
        f"Requests: {bulk.requests + sum(result.right.values()):,}, failed: {failed}, wrong bodies: "
        f"{result.wrong_bodies}, broken off on purpose: {result.aborted:,}. Lines in the log about something that "
        f"nobody handled: {len(result.alarms)}.\n"
    )
    kinds = [["wrk, at a steady pace", f"{bulk.requests:,}"]]
    kinds += [[kind, f"{number:,}"] for kind, number in sorted(result.right.items())]
    columns = ["", "idle, before", "idle, after", "second half, mean", "first fifth, least", "last, least", "spread"]
    rows = [_row(name, flat, result) for name, flat in result.figures.items()]
    return "\n".join([summary, table(["clients", "right answers"], kinds), table(columns, rows), describe_place()])


def _row(name: str, flat: Flatness, result: Result) -> list[str]:
    unit = _UNITS.get(name, 1)
    values = [getattr(result.before, name), getattr(result.after, name), flat.mean, flat.first, flat.last]
    return [_NAMES[name], *(f"{value / unit:.1f}" for value in values), f"{flat.spread_percent:.2f} %"]


_NAMES = {"memory": "memory, MiB", "descriptors": "descriptors", "threads": "threads", "tasks": "tasks"}
_UNITS = {"memory": _MIB}


def main() -> int:
    """Run, print, and say by the exit code whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.5, help="of a core for each worker")
    parser.add_argument("--reload-every", type=float, default=15.0, help="seconds; 0: never")
    parser.add_argument("--tolerance", type=float, default=2.0, help="percent that a figure may spread")
    parser.add_argument("--connections", type=int, help="of wrk, instead of --share")
    parser.add_argument("--quiet", type=float, default=4.0, help="seconds without load, before and after")
    add_output(parser, "soak.md")
    arguments = parser.parse_args()
    with open_arena(arguments.workers, with_redis=False) as arena:
        result = uvloop.run(soak(arena.gateway, arguments))
    return conclude(result, report(result), result.faults(arguments.tolerance), arguments)


if __name__ == "__main__":
    sys.exit(main())
