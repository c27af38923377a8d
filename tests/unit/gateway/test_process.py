"""What is set up for a process that only serves. What changes the process for good is tried in one of its own."""

from __future__ import annotations

import subprocess
import sys

from vizgate.gateway import process


def outcome_of(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_run_gives_result_on_fastest_loop():
    """The result of the coroutine comes back, and uvloop runs it where it is installed."""
    names: list[str] = []

    async def main() -> int:
        names.append(process.loop_name())
        return 7

    assert 7 == process.run(main())
    assert names in (["uvloop"], ["asyncio"])


def test_settle_freezes_what_is_there_and_collects_seldom():
    """After it, what start-up has made is never looked at again."""
    program = (
        "import gc; from vizgate.gateway.process import settle; settle(); "
        "print(gc.get_freeze_count() > 1000, gc.get_threshold()[0] > 700, gc.isenabled())"
    )
    assert "True True True" == outcome_of(program)


def test_raise_file_limit_makes_soft_limit_the_hard_one():
    """As many files as the system allows, which thousands of connections need."""
    program = (
        "import resource as r; from vizgate.gateway.process import raise_file_limit; "
        "hard = r.getrlimit(r.RLIMIT_NOFILE)[1]; r.setrlimit(r.RLIMIT_NOFILE, (64, hard)); "
        "print(raise_file_limit() == hard == r.getrlimit(r.RLIMIT_NOFILE)[0])"
    )
    assert "True" == outcome_of(program)
