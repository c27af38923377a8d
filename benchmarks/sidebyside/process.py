"""One process of a run: started, awaited until it listens, accounted for, stopped.

In: ``ManagedProcess``. Not in: reading /proc (``accounting``) and what to start (``contenders``).
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sidebyside.accounting import process_tree

_POLL_S = 0.001
_LOG_TAIL = 2000


@dataclass(frozen=True, slots=True)
class Command:
    """How to start a program: arguments, additions to the environment, working directory."""

    argv: Sequence[str]
    env: Mapping[str, str] = field(default_factory=dict)
    cwd: Path | None = None


class StartFailed(Exception):
    """A program ended, or did not listen, before it could be measured; the message ends with its log."""


class ManagedProcess:
    """A running program; use it as a context manager, so that it and its children are gone afterwards.

    Args: log: where its standard error goes; standard output is dropped. cpu: the core it is pinned to, None for any.
    """

    def __init__(self, name: str, command: Command, log: Path, cpu: int | None = None) -> None:
        self.name = name
        self.log = log
        self.started_s = time.perf_counter()
        pin = ["taskset", "--cpu-list", str(cpu)] if cpu is not None else []
        with log.open("wb") as stderr:
            self._popen = subprocess.Popen(
                [*pin, *command.argv],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
                cwd=command.cwd,
                env={**os.environ, **command.env},
                start_new_session=True,  # so that Ctrl-C reaches the run, which then stops every process in order
            )

    @property
    def pid(self) -> int:
        """The process id of the program, parent of all its helpers."""
        return self._popen.pid

    def is_alive(self) -> bool:
        """Whether the program has not ended."""
        return self._popen.poll() is None

    def wait_listening(self, port: int, timeout_s: float = 20.0) -> float:
        """Wait until 127.0.0.1:*port* accepts; seconds since the start. Raises: StartFailed: it never did."""
        deadline_s = time.perf_counter() + timeout_s
        while time.perf_counter() < deadline_s:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return time.perf_counter() - self.started_s
            if not self.is_alive():
                raise StartFailed(f"{self.name} ended with code {self._popen.returncode}: {self.log_tail()}")
            time.sleep(_POLL_S)
        raise StartFailed(f"{self.name} did not listen within {timeout_s:g} s: {self.log_tail()}")

    def wait(self, timeout_s: float) -> None:
        """Wait until it ends by itself. Raises: subprocess.TimeoutExpired: it did not."""
        self._popen.wait(timeout_s)

    def log_tail(self) -> str:
        """The end of what it wrote to standard error."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-_LOG_TAIL:].strip()

    def stop(self, grace_s: float = 3.0) -> None:
        """Ask it to end, then kill it and every child it leaves."""
        pids = process_tree(self.pid) if self.is_alive() else []
        if self.is_alive():
            self._popen.send_signal(signal.SIGTERM)
            try:
                self._popen.wait(grace_s)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                self._popen.wait(grace_s)
        self._kill_leftovers([pid for pid in pids if pid != self.pid])

    def _kill_leftovers(self, pids: Sequence[int]) -> None:
        for pid in pids:
            try:
                # Its session tells a left child of ours from a stranger that got the same id since.
                if os.getsid(pid) == self.pid:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()
