"""Processes that hammer a store, as a test sees them.

In: starting them together, adding up what they say, ending them whatever happens. Not in: what they do (``hammer.py``).
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_PROGRAM = Path(__file__).parent / "hammer.py"


@contextlib.contextmanager
def process(*arguments: str, pass_fds: tuple[int, ...] = ()) -> Iterator[subprocess.Popen[str]]:
    """Python with *arguments*, which has said that it is ready; it is killed at the end, if it still runs."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, pass_fds=pass_fds
    ) as started:
        try:
            assert started.stdout is not None
            assert "ready\n" == started.stdout.readline()
            yield started
        finally:
            started.kill()


@contextlib.contextmanager
def hammers(
    number: int, where: str, key: str, *, times: int, most: int, pass_fds: tuple[int, ...] = ()
) -> Iterator[list[subprocess.Popen[str]]]:
    """*number* processes that have begun together, each asking *times* for one of *most*."""
    with contextlib.ExitStack() as stack:
        arguments = (str(_PROGRAM), where, key, str(times), str(most))
        processes = [stack.enter_context(process(*arguments, pass_fds=pass_fds)) for _ in range(number)]
        for each in processes:
            assert each.stdin is not None
            each.stdin.write("go\n")
            each.stdin.flush()
        yield processes


def results(processes: list[subprocess.Popen[str]]) -> list[tuple[int, int]]:
    """How many passed and how many failed, for each."""
    found = []
    for each in processes:
        output, _ = each.communicate(timeout=60)
        passed, failed = output.split()
        found.append((int(passed), int(failed)))
    return found
