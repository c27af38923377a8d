"""A short form of ``benchmarks/faults.py``: one of three targets misbehaves under a steady load."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parents[3] / "benchmarks" / "faults.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not PROGRAM.exists(), reason="the benchmarks are not in the source distribution"),
]


@pytest.mark.parametrize("fault", ["black-holes", "resets inside the body"])
async def test_clients_see_next_to_nothing_and_nothing_is_left_behind(fault: str) -> None:
    """At most one request of a thousand fails; open files and memory go back to where they were."""
    command = [
        sys.executable,
        str(PROGRAM),
        "--rate",
        "250",
        "--seconds",
        "3",
        "--well",
        "1",
        "--only",
        fault,
        "--json",
    ]
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(60):
        output, _ = await process.communicate()
    result = json.loads(output)
    assert 750 == result["requests"]
    assert result["failed_percent"] <= 0.1
    assert result["files_after"] <= result["files_before"]
    assert result["memory_after_mib"] <= result["memory_before_mib"] + 8
