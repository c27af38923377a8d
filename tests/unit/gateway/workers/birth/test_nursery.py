"""What workers are born with."""

from __future__ import annotations

from vizgate.gateway.workers.birth.cradle import is_fork_server
from vizgate.gateway.workers.birth.nursery import Exit, to_preload


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
