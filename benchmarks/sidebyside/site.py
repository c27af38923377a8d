"""Where one run takes place: directories, ports and the limit of open files.

In: ``Site`` and how a run gets free ports. Not in: what is started there (``contenders``, ``upstream``).
"""

from __future__ import annotations

import os
import resource
import socket
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[1]
PROJECT = BENCHMARKS.parent
PEERS_VENV = PROJECT / ".bench-venv"

#: Below the range from which the kernel takes client ports, so that no connection of a run can sit on a port to come.
PORTS = range(20000, 30000)
#: Ports between the first ones of two processes that were started one after the other.
_STRIDE = 53
WANTED_FILES = 65536
#: Client keep-alive of every contender: longer than any one measurement.
KEEP_ALIVE_S = 120
#: Idle upstream connections every contender may keep: more than any scenario opens.
POOL_SIZE = 1024


@dataclass(frozen=True, slots=True)
class Site:
    """What a contender needs to know to be configured.

    ``directory``: its own, for configuration and logs. ``port``: where it listens, on 127.0.0.1. ``upstream_port``:
    where it forwards to. ``max_connections``: how many client connections it must be ready for. ``max_files``: how many
    files it may open.
    """

    directory: Path
    port: int
    upstream_port: int
    max_connections: int
    max_files: int

    def write(self, name: str, text: str) -> str:
        """Write a configuration file into the contender's directory; its path."""
        path = self.directory / name
        path.write_text(text, encoding="utf-8")
        return str(path)


class PortSource:
    """Hands out ports that nobody listens on, each at most once per run.

    Each process begins elsewhere: a port is free until it is listened on, also for a run beside this one.
    """

    def __init__(self) -> None:
        first = os.getpid() * _STRIDE % len(PORTS)
        self._candidates = chain(PORTS[first:], PORTS[:first])

    def take(self) -> int:
        """A free port of 127.0.0.1. Raises: RuntimeError: the range is used up."""
        for port in self._candidates:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
        raise RuntimeError(f"no free port in {PORTS.start}-{PORTS.stop - 1}")


def raise_file_limit() -> int:
    """Let this process and its children open as many files as allowed, at most ``WANTED_FILES``; the new limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY or hard >= WANTED_FILES:
        hard = WANTED_FILES if hard == resource.RLIM_INFINITY else hard
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, WANTED_FILES), hard))
        return WANTED_FILES
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (WANTED_FILES, WANTED_FILES))
    except (ValueError, OSError):  # not privileged: the hard limit stays
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        return hard
    return WANTED_FILES
