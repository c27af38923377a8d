"""Prepares the process that workers are forked from, the fork server of ``multiprocessing``.

In: what that process does when it imports this, the one thing it can be told to do. Not in: starting it
(``birth.nursery``).

- It ignores signals. A terminal sends INT to all processes of the command, and whoever stops a group of processes sends
  TERM to all of it; but workers are told by the supervisor what to do, and where they come from must outlive them.
- It imports what workers need, so that they are there in milliseconds and share that memory.
- It keeps that memory shared: a collection of garbage writes to every object that it looks at, and what a worker writes
  to is its own from then on.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import signal
import sys

#: The variable with the names of modules to import. Not a long argument: everybody who lists processes would see it.
MODULES = "_VIZGATE_MODULES"

_SIGNALS = (
    signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1, signal.SIGUSR2, signal.SIGTTIN,
    signal.SIGTTOU,
)  # fmt: skip


def is_fork_server(arguments: list[str]) -> bool:
    """Whether a process that was started with *arguments* is the fork server."""
    return any("multiprocessing.forkserver import main" in argument for argument in arguments)


def prepare(modules: list[str]) -> None:
    """Do all of the above in this process. What cannot be imported is the worker's to complain of."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    for name in modules:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    gc.collect()
    gc.freeze()


if is_fork_server(sys.orig_argv):
    prepare(os.environ.pop(MODULES, "").split())
