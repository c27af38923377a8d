"""Driving one contender with wrk.

In: the call of wrk and what it reports. Not in: the matrix of calls (``scenario``) and accounting (``measure``).
"""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from sidebyside.programs import require_program
from sidebyside.scenario import BROWSER_HEADERS, Scenario

_SCRIPT = Path(__file__).with_name("load.lua")
_MARK = "sidebyside:"


@dataclass(frozen=True, slots=True)
class WrkResult:
    """What wrk saw: ``requests`` that completed, ``received`` bytes, latencies in microseconds.

    ``errors`` counts socket errors, ``timeouts`` waits over 10 s, ``bad_statuses`` answers over 399.
    """

    requests: int
    received: int
    duration_us: int
    p50_us: float
    p99_us: float
    max_us: float
    errors: int
    timeouts: int
    bad_statuses: int


class LoadFailed(Exception):
    """wrk could not run or said nothing; the message holds what it printed."""


def drive(port: int, scenario: Scenario, seconds: int, cpu: int | None = None) -> WrkResult:
    """Send *scenario* to 127.0.0.1:*port* for *seconds*.

    Args: cpu: the core wrk is pinned to, None for any.
    Raises: LoadFailed: wrk failed, or did not end half a minute after it should have.
    """
    command = ["taskset", "--cpu-list", str(cpu)] if cpu is not None else []
    command += [require_program("wrk"), "--threads", "1", "--connections", str(scenario.connections)]
    command += ["--duration", f"{seconds}s", "--timeout", "10s", "--latency", "--script", str(_SCRIPT)]
    for name, value in BROWSER_HEADERS if scenario.headers != "none" else ():
        command += ["--header", f"{name}: {value}"]
    command.append(f"http://127.0.0.1:{port}{scenario.path}")
    env = {**os.environ, "SIDEBYSIDE_VARIED": "1"} if scenario.headers == "varied" else None
    try:
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=seconds + 30, env=env)
    except subprocess.TimeoutExpired as error:
        raise LoadFailed("wrk did not end") from error
    report = done.stdout.partition(_MARK)[2].partition("\n")[0]
    if done.returncode != 0 or not report:
        raise LoadFailed(f"wrk ended with code {done.returncode}: {(done.stdout + done.stderr).strip()}")
    return WrkResult(**json.loads(report))
