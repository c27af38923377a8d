"""One run's upstream and the contenders started against it.

In: starting, checking and stopping. Not in: what is measured on them (``measure``, ``idle``, ``starts``).
"""

from __future__ import annotations

import http.client
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from sidebyside.contenders import Contender
from sidebyside.process import Command, ManagedProcess, StartFailed
from sidebyside.site import KEEP_ALIVE_S, PortSource, Site, raise_file_limit
from sidebyside.upstream import BODIES, body_of, upstream_command


@dataclass(frozen=True, slots=True)
class Pinning:
    """Cores of the contender and of everybody else; None lets the kernel choose."""

    contender: int | None = None
    others: int | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """A contender that listens."""

    contender: Contender
    process: ManagedProcess
    port: int
    listening_after_s: float


class Session:
    """The upstream of a run, and a place to start contenders in; made by ``open_session``."""

    def __init__(self, directory: Path, max_connections: int, max_files: int, pinning: Pinning) -> None:
        self.pinning = pinning
        self._ports = PortSource()
        self._directory = directory
        self._max_connections = max_connections
        self._max_files = max_files
        self.upstream_port = self._ports.take()
        self._numbers = count()

    @contextmanager
    def upstream(self) -> Iterator[None]:
        """Serve the bodies meanwhile. Raises: StartFailed: the upstream does not serve them."""
        site = self._site("upstream", self.upstream_port)
        command = upstream_command(site, KEEP_ALIVE_S)
        with ManagedProcess("upstream", command, site.directory / "log", self.pinning.others) as process:
            process.wait_listening(self.upstream_port)
            check(self.upstream_port, "upstream")
            yield

    @contextmanager
    def running(self, contender: Contender) -> Iterator[Running]:
        """Have *contender* listen meanwhile. Raises: StartFailed: it never did."""
        port = self._ports.take()
        site = self._site(contender.name, port)
        command = contender.prepare(site)
        with ManagedProcess(contender.name, command, site.directory / "log", self.pinning.contender) as process:
            listening_after_s = process.wait_listening(port)
            yield Running(contender, process, port, listening_after_s)

    @contextmanager
    def beside(self, name: str, command: Command) -> Iterator[ManagedProcess]:
        """Run a program that watches a contender meanwhile."""
        with ManagedProcess(name, command, self._site(name, 0).directory / "log", self.pinning.others) as process:
            yield process

    def _site(self, name: str, port: int) -> Site:
        directory = self._directory / f"{next(self._numbers)}-{name}"
        directory.mkdir()
        return Site(directory, port, self.upstream_port, self._max_connections, self._max_files)


@contextmanager
def open_session(max_connections: int, pinning: Pinning) -> Iterator[Session]:
    """A session with its upstream up; its directory, in memory where the system has such a place, goes at the end.

    Args: max_connections: how many client connections contenders must be ready for. The limit of open files is raised.
    """
    memory = Path("/dev/shm")  # bodies must come from memory, not from a disk
    parent = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    directory = Path(tempfile.mkdtemp(prefix="sidebyside-", dir=parent))
    try:
        session = Session(directory, max_connections, raise_file_limit(), pinning)
        with session.upstream():
            yield session
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def check(port: int, name: str) -> None:
    """Ask 127.0.0.1:*port* for every body. Raises: StartFailed: one came back different."""
    for path in BODIES:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        try:
            connection.request("GET", path)
            response = connection.getresponse()
            body = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise StartFailed(f"{name} does not serve {path}: {error!r}") from error
        finally:
            connection.close()
        if (response.status, body) != (200, body_of(path)):
            raise StartFailed(f"{name} serves {path} wrongly: status {response.status}, {len(body)} bytes")
