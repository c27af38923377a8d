"""Workers are killed, Redis restarts, targets flap, configuration and certificates change: who notices?

Usage: python benchmarks/chaos.py [--seconds 120] [--workers 2] [--seed 1] [--json] [--docs]

wrk sends requests all the time, and so do clients that know what became of each of theirs. A failure is explained when
the connection was held by a worker in the moment that this was killed: the harness stops the worker, reads from /proc
whose connections it has, and kills it. Exit code 1: anything else failed, a body was wrong, or what must follow a
disturbance did not. All on loopback; at most three minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import statistics
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import uvloop

sys.path.insert(0, str(Path(__file__).resolve().parent))
from endurance.clients.bulk import BulkResult, open_bulk
from endurance.clients.visitors import Crowd
from endurance.disturbances import KINDS, Disturbances, NotFollowed
from endurance.outcome import add_output, conclude
from endurance.served.arena import Arena, open_arena
from endurance.served.gateway import KEY
from endurance.watch.verdict import TooManyFailures
from sidebyside.report.machine import describe_place
from trouble.page import table

_CROWD = {"kept": 16, "kept, TLS": 8, "a connection each": 4, "a connection each, TLS": 2, "tunnel": 4}
_PAUSE_S = 0.02
_BULK_CONNECTIONS = 32
_BULK_PAUSE_MS = 2
_CALM_S = 1.0
_MOST_SECONDS = 170


@dataclass(frozen=True, slots=True)
class Result:
    """What a run showed. ``killed_of_wrk``: connections of wrk that killed workers held."""

    seconds: float
    workers: int
    times_s: dict[str, list[float]]
    right: dict[str, int]
    explained: dict[str, int]
    unexplained: dict[str, int]
    wrong_bodies: int
    bulk: BulkResult
    killed_of_wrk: int
    not_followed: list[str]
    alarms: list[str] = field(default_factory=list)

    @property
    def bulk_unexplained(self) -> int:
        """What wrk saw fail beyond the connections that were killed with a worker."""
        bulk = self.bulk
        return max(0, bulk.connect + bulk.read + bulk.write - self.killed_of_wrk) + bulk.timeout + bulk.status

    def faults(self) -> list[str]:
        """Everything that should not be."""
        found = [f"{number} requests: {what}" for what, number in self.unexplained.items()]
        found += [f"{self.bulk_unexplained} requests of wrk failed without a reason: {self.bulk}"] * bool(
            self.bulk_unexplained
        )
        wrong = self.wrong_bodies + self.bulk.wrong
        found += [f"{wrong} wrong bodies"] * bool(wrong)
        found += [f"it did not follow that {what}" for what in self.not_followed]
        return found + [f"log: {line}" for line in self.alarms]


async def chaos(arena: Arena, arguments: argparse.Namespace) -> Result:
    gateway, dice = arena.gateway, random.Random(arguments.seed)
    crowd = Crowd(gateway.port, gateway.tls_port, gateway.trust, KEY, dice)
    with open_bulk(gateway.port, _BULK_CONNECTIONS, arguments.seconds, _BULK_PAUSE_MS) as bulk:
        disturbances = Disturbances(arena, dice, bulk.pid)
        try:
            async with asyncio.TaskGroup() as group:
                crowd.start(group, _CROWD, _PAUSE_S)
                not_followed = await _disturb(disturbances, dice, arguments)
                crowd.is_over = True
        except* TooManyFailures as exc:
            raise SystemExit(
                f"{exc.exceptions[0]}. The gateway's log ends with:\n{gateway.process.log_tail()}"
            ) from None
        result = await asyncio.to_thread(bulk.finish, 60.0)
    explained, unexplained = crowd.ledger.split(disturbances.kills)
    return Result(
        seconds=arguments.seconds,
        workers=arguments.workers,
        times_s=dict(disturbances.times_s),
        right=dict(crowd.ledger.right),
        explained=dict(explained),
        unexplained=dict(unexplained),
        wrong_bodies=crowd.ledger.wrong_bodies,
        bulk=result,
        killed_of_wrk=disturbances.killed_of_wrk,
        not_followed=not_followed,
        alarms=gateway.alarms(),
    )


async def _disturb(disturbances: Disturbances, dice: random.Random, arguments: argparse.Namespace) -> list[str]:
    """One disturbance after the other, every kind as often as the others; what did not follow."""
    kinds = [kind for kind in KINDS if kind not in arguments.without]
    end_s = time.monotonic() + arguments.seconds - 2 * _CALM_S
    not_followed = []
    turn: list[str] = []
    await asyncio.sleep(_CALM_S)
    while time.monotonic() < end_s:
        turn = turn or dice.sample(kinds, len(kinds))
        try:
            await disturbances.disturb(turn.pop())
        except NotFollowed as exc:
            not_followed.append(str(exc))
        await asyncio.sleep(dice.uniform(0, _CALM_S))
    return not_followed


def report(result: Result) -> str:
    """The page's measured part."""
    summary = (
        f"{result.seconds:g} seconds with {result.workers} workers. Wrong bodies: "
        f"{result.wrong_bodies + result.bulk.wrong}. Lines in the log about something that nobody handled: "
        f"{len(result.alarms)}. wrk's connections that a killed worker held: {result.killed_of_wrk}.\n"
    )
    done = [
        [kind, len(times), f"{statistics.median(times):.2f} s", f"{max(times):.2f} s"]
        for kind, times in sorted(result.times_s.items())
    ]
    why = [(what, "yes", number) for what, number in sorted(result.explained.items())]
    why += [(what, "no", number) for what, number in sorted(result.unexplained.items())]
    parts = [
        summary,
        _requests(result),
        table(["disturbance", "times", "its effect was there after, median", "at most"], done),
        table(["failures of own clients", "on a killed worker", "times"], why) if why else "",
        describe_place(),
    ]
    return "\n".join(parts)


def _requests(result: Result) -> str:
    bulk = result.bulk
    broken = bulk.connect + bulk.read + bulk.write + bulk.timeout
    failed = broken + bulk.status
    explained, unexplained = sum(result.explained.values()), sum(result.unexplained.values())
    own = sum(result.right.values()) + explained + unexplained
    rows = [
        ["wrk", f"{bulk.requests + broken:,}", failed, failed - result.bulk_unexplained, result.bulk_unexplained],
        ["own clients", f"{own:,}", explained + unexplained, explained, unexplained],
    ]
    return table(["", "requests", "failed", "of these on a killed worker", "for another reason"], rows)


def main() -> int:
    """Run, print, and say by the exit code whether everything is explained."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--without", action="append", choices=list(KINDS), default=[], help="repeatable")
    add_output(parser, "chaos.md")
    arguments = parser.parse_args()
    if arguments.workers == 1:
        arguments.without.append("kill -9 of a worker")
    arguments.seconds = min(arguments.seconds, _MOST_SECONDS)
    with open_arena(arguments.workers, with_redis=True) as arena:
        result = uvloop.run(chaos(arena, arguments))
    return conclude(result, report(result), result.faults(), arguments)


if __name__ == "__main__":
    sys.exit(main())
