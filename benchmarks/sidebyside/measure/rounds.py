"""Measuring scenarios: all contenders up, driven in interleaved rounds.

In: ``measure_scenario``. Not in: one call of wrk (``wrk``), reading /proc (``accounting``).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from sidebyside.accounting import cpu_time_us, memory
from sidebyside.contenders import Contender
from sidebyside.measure.wrk import LoadFailed, drive
from sidebyside.process import StartFailed
from sidebyside.report.results import Results, Sample
from sidebyside.scenario import Scenario
from sidebyside.session import Running, Session, check

_WARM_UP_S = 1
#: For connections that wrk has left to be closed by the contender, before its CPU time is read.
_SETTLE_S = 0.1


@dataclass(frozen=True, slots=True)
class Rounds:
    """How often and how long each contender is driven."""

    count: int
    seconds: int


def measure_scenario(
    session: Session, contenders: Sequence[Contender], scenario: Scenario, rounds: Rounds, results: Results
) -> None:
    """Add samples of *scenario* to *results*, in the order A B C A B C.

    Every contender is fresh, warmed up for a second, and stays up, idle, while the others are driven. One that does not
    start or breaks off is noted in the failures and left out of the rest of the scenario.
    """
    with ExitStack() as stack:
        running = _start_all(stack, session, contenders, scenario, results)
        for number in range(1, rounds.count + 1):
            for entry in list(running):
                try:
                    sample = _measure(session, entry, scenario, number, rounds.seconds)
                except LoadFailed as error:
                    running.remove(entry)
                    _note(results, entry.contender, scenario, error)
                    continue
                results.samples.append(sample)
                _tell(sample)


def _start_all(
    stack: ExitStack, session: Session, contenders: Sequence[Contender], scenario: Scenario, results: Results
) -> list[Running]:
    running = []
    for contender in contenders:
        try:
            entry = stack.enter_context(session.running(contender))
            check(entry.port, contender.name)
            drive(entry.port, scenario, _WARM_UP_S, session.pinning.others)
        except (StartFailed, LoadFailed) as error:
            _note(results, contender, scenario, error)
        else:
            running.append(entry)
    return running


def _measure(session: Session, entry: Running, scenario: Scenario, number: int, seconds: int) -> Sample:
    before_us = cpu_time_us(entry.process.pid)
    outcome = drive(entry.port, scenario, seconds, session.pinning.others)
    time.sleep(_SETTLE_S)
    if not entry.process.is_alive():
        raise LoadFailed(f"it ended under load: {entry.process.log_tail()}")
    cpu_us = cpu_time_us(entry.process.pid) - before_us
    return Sample(entry.contender.name, scenario, number, outcome, cpu_us, memory(entry.process.pid))


def _note(results: Results, contender: Contender, scenario: Scenario, error: Exception) -> None:
    results.failures.append(f"{contender.name}, {scenario.title}: {error}")
    print(f"  {contender.name}: {error}", flush=True)


def _tell(sample: Sample) -> None:
    print(
        f"  {sample.round} {sample.contender:18} {sample.requests_per_s:9.0f} req/s"
        f"  {sample.cpu_us_per_request:8.1f} us CPU"
        f"  p50 {sample.wrk.p50_us / 1000:8.2f} ms  p99 {sample.wrk.p99_us / 1000:8.2f} ms  failed {sample.failures}",
        flush=True,
    )
