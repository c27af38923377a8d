"""A Redis that can be killed and started again.

In: ``Redis``. Not in: when (``chaos.py``).
"""

from __future__ import annotations

import os
import signal
import socket
from pathlib import Path
from typing import Self

from sidebyside.process import Command, ManagedProcess
from sidebyside.programs import require_program

_PATIENCE_S = 5.0


class Redis:
    """A redis-server on 127.0.0.1:*port* that keeps nothing on disk; use it as a context manager."""

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"redis://127.0.0.1:{port}/0"
        self._folder = folder
        self._port = port
        self._process: ManagedProcess | None = None

    def start(self) -> None:
        """Return once it listens."""
        options = ["--bind", "127.0.0.1", "--port", str(self._port), "--dir", str(self._folder)]
        command = Command([require_program("redis-server"), *options, "--save", "", "--appendonly", "no"])
        self._process = ManagedProcess("redis", command, self._folder / "redis.log")
        self._process.wait_listening(self._port)

    def kill(self) -> None:
        """End it as a crash does."""
        if self._process is not None:
            os.kill(self._process.pid, signal.SIGKILL)
            self._process.wait(_PATIENCE_S)
            self._process = None

    @property
    def pid(self) -> int:
        """Of the server; it must run."""
        assert self._process is not None
        return self._process.pid

    def commands(self) -> int:
        """How many scripts it has run since its start."""
        with socket.create_connection(("127.0.0.1", self._port), _PATIENCE_S) as asking:
            asking.sendall(b"INFO commandstats\r\n")
            told = asking.recv(65536)
        return int(told.partition(b"cmdstat_evalsha:calls=")[2].partition(b",")[0] or b"0")

    def has_keys(self) -> bool:
        """Whether somebody has written to it."""
        with socket.create_connection(("127.0.0.1", self._port), _PATIENCE_S) as asking:
            asking.sendall(b"DBSIZE\r\n")
            return not asking.recv(100).startswith(b":0")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
