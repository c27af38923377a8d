"""Short forms of ``benchmarks/soak.py`` and ``benchmarks/chaos.py``."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.integration.installed import program

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.system,
    pytest.mark.skipif(not BENCHMARKS.exists(), reason="the benchmarks are not in the source distribution"),
]


async def run(name: str, *arguments: str) -> dict[str, Any]:
    """What the benchmark *name* has seen, as it tells it."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(BENCHMARKS / name), "--json", *arguments,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    async with asyncio.timeout(100):
        output, errors = await process.communicate()
    assert output, errors.decode()
    return json.loads(output)


async def test_soak_every_answer_is_right_and_nothing_is_left_behind() -> None:
    """Mixed traffic and reloads: no wrong body, no failure, nothing unhandled, and no task or descriptor is left."""
    program("wrk")
    result = await run(
        "soak.py",
        "--minutes",
        "0.08",
        "--connections",
        "8",
        "--quiet",
        "1",
        "--reload-every",
        "1",
        "--tolerance",
        "1000",
    )
    assert [] == result["faults"]
    assert result["bulk"]["requests"] > 100
    assert {"kept", "kept, TLS", "a connection each", "tunnel"} <= result["right"].keys()
    assert result["aborted"] > 0
    assert result["reloads"] > 0
    # Kept connections to targets may still be idle.
    assert result["after"]["descriptors"] <= result["before"]["descriptors"] + 3 * 8 + 1
    assert result["after"]["tasks"] <= result["before"]["tasks"] + 1


async def test_chaos_only_requests_on_killed_workers_fail() -> None:
    """Every disturbance has its effect, and whatever fails was on its way through a worker that was killed."""
    program("wrk")
    program("redis-server")
    # Files of certificates are looked at every ten seconds, which is too long for a test.
    result = await run("chaos.py", "--seconds", "10", "--without", "rotation of the certificate")
    assert [] == result["faults"]
    assert len(result["times_s"]["kill -9 of a worker"]) > 0
    assert result["bulk"]["requests"] > 100
