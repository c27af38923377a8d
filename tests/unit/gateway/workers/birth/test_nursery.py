"""What workers are born with."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from multiprocessing.context import ForkServerProcess
from typing import cast

import pytest

from vizgate.gateway.workers.birth.cradle import is_fork_server
from vizgate.gateway.workers.birth.nursery import Child, Exit, to_preload


def test_workers_are_born_with_what_the_supervisor_has_needed():
    """Our own modules and slow packages; never what a command, a test or a user's module brings."""
    imported = ["vizgate.router", "vizgate.cli.main", "vizgate.testing", "my_plugin", "ssl", "vizgatex", "uvloop.loop"]
    preloaded = to_preload(imported)
    assert {"vizgate.router", "ssl", "uvloop.loop"} <= set(preloaded)
    assert not {"vizgate.cli.main", "vizgate.testing", "my_plugin", "vizgatex"} & set(preloaded)
    assert sorted(preloaded) == preloaded


def test_fork_server_is_told_by_what_it_runs():
    """Importing the module elsewhere does nothing."""
    assert is_fork_server(["python", "-c", "from multiprocessing.forkserver import main; main(3)"])
    assert not is_fork_server(["python", "-m", "pytest"])


def test_end_of_a_process_is_told_in_words():
    """A code, a signal by its name, or nothing that is known."""
    assert ["ended with code 3", "was killed by SIGKILL", "was killed by signal 63", "ended"] == [
        str(Exit(code)) for code in (3, -9, -63, None)
    ]


@pytest.fixture
def pid() -> Iterator[int]:
    """A process that nobody but this one can look after; nothing is left of it in the end."""
    process = subprocess.Popen(["sleep", "60"])
    yield process.pid
    with pytest.raises(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    process.returncode = -signal.SIGKILL  # else the object complains of what it cannot find


async def test_child_that_has_come_to_this_process_is_let_go_of(pid: int):
    """Who is the first process of a container looks after workers whose fork server has died, and knows their ends."""
    child = Child(cast("ForkServerProcess", _Adopted(pid)))
    child.signal(signal.SIGKILL)
    assert Exit(-signal.SIGKILL) == await child.wait_ended()


class _Adopted:
    """What ``multiprocessing`` knows of a child of a fork server that is gone."""

    exitcode = 255

    def __init__(self, pid: int) -> None:
        self.pid = pid

    def join(self, timeout_s: float) -> None:
        return

    def close(self) -> None:
        return
