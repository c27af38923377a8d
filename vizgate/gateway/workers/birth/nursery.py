"""Starting worker processes.

In: ``Nursery``, ``Child``. Not in: what a worker does (``workers.worker``), and when one is started
(``workers.supervisor``).

The supervisor never forks itself: it has a running loop and threads. The fork server of ``multiprocessing`` does, which
has imported what workers need and nothing else, so that a worker is there in milliseconds and shares that memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import signal
import socket
import sys
from collections.abc import Iterable
from multiprocessing.context import ForkServerProcess
from typing import NamedTuple

from vizgate.errors import VizgateError
from vizgate.gateway.workers.birth.cradle import MODULES
from vizgate.gateway.workers.worker.main import main

# Packages that are slow to import and start no thread. A worker gets those that the supervisor has needed, too.
_SLOW_PACKAGES = frozenset(
    {"argon2", "asyncio", "brotli", "cryptography", "h11", "httptools", "isal", "jsonschema_rs", "jwt", "orjson",
     "prometheus_client", "pydantic", "ssl", "uvloop", "yaml", "zstandard"}
)  # fmt: skip
# What is imported when it is first needed, and that will be soon.
_ALWAYS = frozenset({"vizgate.gateway.workers.worker.worker", "vizgate.observe.metrics.fleet.registry"})
# What no worker needs.
_NOT_PRELOADED = ("vizgate.cli", "vizgate.testing", "vizgate.__main__", "vizgate.gateway.workers.birth")
_CRADLE = "vizgate.gateway.workers.birth.cradle"
# The exit code comes from the fork server, a moment after the end itself.
_CODE_S = 1.0


class NoForkServer(VizgateError):
    """This system has none; the message says what to do."""


class Exit(NamedTuple):
    """How a process ended. ``code``: its exit code, or minus the number of the signal; None when nobody knows."""

    code: int | None

    def __str__(self) -> str:
        if self.code is None:
            return "ended"
        return f"was killed by {_signal_name(-self.code)}" if self.code < 0 else f"ended with code {self.code}"


class Child:
    """A worker's process."""

    def __init__(self, process: ForkServerProcess) -> None:
        self._process = process
        self.pid: int = process.pid or 0
        # Of the process itself: that the fork server is gone does not mean that its children are.
        self._ended = asyncio.Event()
        self._watched = _watched_fd(process)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._watched, self._on_end)
        # One task for all who wait: the code can be read once.
        self._exit = loop.create_task(self._wait())

    def _on_end(self) -> None:
        asyncio.get_running_loop().remove_reader(self._watched)
        os.close(self._watched)
        self._ended.set()

    async def _wait(self) -> Exit:
        await self._ended.wait()
        found = _reaped(self.pid)
        await asyncio.to_thread(self._process.join, _CODE_S)
        found = found or Exit(self._process.exitcode)
        with contextlib.suppress(ValueError):  # the fork server is gone as well, and has not told
            self._process.close()
        return found

    async def wait_ended(self) -> Exit:
        """How it ended, once it has."""
        return await asyncio.shield(self._exit)

    @property
    def has_ended(self) -> bool:
        """Whether it is there no more."""
        return self._ended.is_set()

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal, as long as it is there."""
        if not self.has_ended:
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return

    def __repr__(self) -> str:
        return f"<Child {self.pid} [{'ended' if self.has_ended else 'running'}]>"


def _reaped(pid: int) -> Exit | None:
    """How *pid* ended, if it is this process that has to look after that.

    Who is the first process of a container gets the children of a fork server that has died.
    """
    try:
        found, status = os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return None
    return Exit(os.waitstatus_to_exitcode(status)) if found else None


def _watched_fd(process: ForkServerProcess) -> int:
    """A descriptor that is readable when *process* is there no more."""
    try:
        return os.pidfd_open(process.pid or 0)
    except (AttributeError, OSError):  # not Linux, or it has ended already
        return os.dup(process.sentinel)


def can_start() -> bool:
    """Whether this system has what workers need."""
    # CVE-2022-42919: the fork server of Python 3.11.0 does what any user of the machine says.
    is_safe = sys.version_info >= (3, 11, 1)
    return is_safe and "forkserver" in multiprocessing.get_all_start_methods() and hasattr(os, "memfd_create")


class Nursery:
    """Starts workers, one process each. Raises: NoForkServer: this system cannot."""

    def __init__(self) -> None:
        if not can_start():
            raise NoForkServer(
                f"server.workers: more than one worker needs a fork server and shared memory, which {sys.platform} with"
                f" Python {'.'.join(map(str, sys.version_info[:3]))} does not have. Write 1"
            )
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload([_CRADLE])
        # Once, and before there are threads: they may be starting a process while the environment changes under them.
        os.environ[MODULES] = " ".join(to_preload(sys.modules))

    async def start(self, number: int, control: socket.socket) -> Child:
        """A new process for the worker *number*, which gets a duplicate of *control*.

        Raises: OSError: the system gives no process.
        """
        process = self._context.Process(target=main, args=(number, control), name=f"vizgate-worker-{number}")
        # In a thread: it waits for the fork server, the first time for its start.
        await asyncio.to_thread(_start, process)
        return Child(process)


def _start(process: ForkServerProcess) -> None:
    try:
        process.start()
    except EOFError as exc:
        raise OSError("the fork server gave no process") from exc


def to_preload(imported: Iterable[str]) -> list[str]:
    """Those of the *imported* modules that workers should be born with."""
    needed = {
        name
        for name in imported
        if not name.startswith(_NOT_PRELOADED) and (name.partition(".")[0] in _SLOW_PACKAGES or _is_ours(name))
    }
    return sorted(needed | _ALWAYS)


def _is_ours(name: str) -> bool:
    return name == "vizgate" or name.startswith("vizgate.")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
