"""What is done to a gateway under load, one thing at a time, each with what must follow.

In: ``Disturbances``. Not in: when (``chaos.py``), what clients see of it (``endurance.clients``).
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
import ssl
import time
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from endurance.clients.connection import Broken, connect
from endurance.served.arena import Arena
from endurance.served.gateway import GatewayUnderTest, serial_of
from endurance.watch.connections import Connections
from endurance.watch.verdict import Kill

_PATIENCE_S = 20.0
_POLL_S = 0.02
_AWAY_S = 1.0
_ASKED = b"GET /cached/10 HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n"


class NotFollowed(Exception):
    """What should have come of a disturbance did not; the message names it."""


@dataclass
class Disturbances:
    """Args: wrk: its process. ``killed_of_wrk``: how many connections of it killed workers held.

    ``times_s``: for each kind, how long it took until what must follow had.
    """

    arena: Arena
    random: random.Random
    wrk: int
    kills: list[Kill] = field(default_factory=list)
    killed_of_wrk: int = 0
    times_s: defaultdict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    @property
    def gateway(self) -> GatewayUnderTest:
        return self.arena.gateway

    async def disturb(self, kind: str) -> None:
        """Do one of ``KINDS`` and wait for what must follow. Raises: NotFollowed."""
        began_s = time.monotonic()
        await KINDS[kind](self)
        self.times_s[kind].append(time.monotonic() - began_s)

    async def kill_worker(self) -> None:
        """Kill one as a crash does; another takes its place."""
        pid = self.random.choice(self.gateway.workers())
        at_s = time.monotonic()
        # It must not take another connection between the look at those it has and its end.
        os.kill(pid, signal.SIGSTOP)
        await _until(lambda: _is_stopped(pid), "a worker stops")
        connections = Connections()
        ports = connections.of_server(pid, self.gateway.port, self.gateway.tls_port)
        self.killed_of_wrk += len(ports & connections.of_client(self.wrk, self.gateway.port))
        self.kills.append(Kill(pid, at_s, frozenset(ports)))
        os.kill(pid, signal.SIGKILL)
        await _until(lambda: pid not in self.gateway.workers(), "a killed worker is gone")
        await _until(self.gateway.is_whole, "a killed worker is replaced")

    async def restart_redis(self) -> None:
        """Kill it and start an empty one; limits count there again."""
        redis = self.arena.redis
        assert redis is not None
        redis.kill()
        await asyncio.sleep(_AWAY_S)
        await asyncio.to_thread(redis.start)
        await _until(redis.has_keys, "limits count in the new Redis")

    async def flap_target(self) -> None:
        """A target resets every connection and refuses new ones for a while. Not the first one: it has the tunnels,
        which nobody could put together again.
        """
        number = self.random.randrange(1, len(self.arena.targets.urls))
        self.arena.targets.down(number)
        await asyncio.sleep(_AWAY_S)
        self.arena.targets.up(number)

    async def reload(self) -> None:
        """Load another configuration; each of many answers shows it soon, by whichever worker."""
        self.gateway.reload()
        wanted = f"x-reload: {self.gateway.generation}\r\n".encode()
        end_s = time.monotonic() + _PATIENCE_S
        in_a_row = 0
        while in_a_row < 8:
            in_a_row = in_a_row + 1 if wanted in await self._head() else 0
            if time.monotonic() > end_s:
                raise NotFollowed("a reload is seen in answers")

    async def _head(self) -> bytes:
        try:
            connection = await connect(self.gateway.port)
            await connection.ask(_ASKED)
        except Broken:  # by a worker that was killed meanwhile; own clients of the crowd judge such things
            return b""
        connection.close()
        return connection.head

    async def rotate_certificate(self) -> None:
        """Replace the certificate's file; handshakes show it soon."""
        wanted = self.gateway.write_certificate()
        end_s = time.monotonic() + _PATIENCE_S
        in_a_row = 0
        while in_a_row < 8:
            in_a_row = in_a_row + 1 if await self._serial() == wanted else 0
            if time.monotonic() > end_s:
                raise NotFollowed("a new certificate is shown")
            await asyncio.sleep(_POLL_S)

    async def _serial(self) -> int:
        address = ("127.0.0.1", self.gateway.tls_port)
        try:
            return serial_of(await asyncio.to_thread(ssl.get_server_certificate, address, timeout=_PATIENCE_S))
        except OSError:  # as above
            return 0


#: Every disturbance by the name it has in the report.
KINDS = {
    "kill -9 of a worker": Disturbances.kill_worker,
    "restart of Redis": Disturbances.restart_redis,
    "a target flaps": Disturbances.flap_target,
    "reload": Disturbances.reload,
    "rotation of the certificate": Disturbances.rotate_certificate,
}


def _is_stopped(pid: int) -> bool:
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] == "T"


async def _until(condition: Callable[[], bool], what: str) -> None:
    end_s = time.monotonic() + _PATIENCE_S
    while not condition():
        if time.monotonic() > end_s:
            raise NotFollowed(what)
        await asyncio.sleep(_POLL_S)
