"""Clients of every kind, each of which knows whether it got what it asked for.

In: their manners. Not in: the bytes of one connection (``endurance.clients.connection``), judging
(``endurance.watch.verdict``).
"""

from __future__ import annotations

import asyncio
import random
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from endurance.clients.connection import Broken, Connection, connect
from endurance.served.target import body_of
from endurance.watch.verdict import Failure, Ledger

_UPGRADE = (
    b"GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
_SIZES = (10, 200, 201, 3000, 20_001, 60_000)
_MESSAGES = 20
#: Pauses between two requests of who seldom asks.
_SELDOM = 100


class _Wrong(Exception):
    """An answer came, and it is not the right one."""


@dataclass
class Crowd:
    """Everybody who visits the gateway. Args: port, tls_port: of its listeners. keys: an API key it takes."""

    port: int
    tls_port: int
    trust: ssl.SSLContext
    key: str
    random: random.Random
    ledger: Ledger = field(default_factory=Ledger)
    is_over: bool = False
    _number: int = 0

    def start(self, group: asyncio.TaskGroup, kinds: dict[str, int], pause_s: float) -> None:
        """Send so many visitors of each kind, who wait about *pause_s* between two requests."""
        for kind, count in kinds.items():
            for _ in range(count):
                group.create_task(self._visit(kind, pause_s))

    async def _visit(self, kind: str, pause_s: float) -> None:
        manner: Callable[[str], Awaitable[None]] = {
            "kept": lambda kind: self._kept(kind, self.port, None),
            "kept, seldom used": lambda kind: self._kept(kind, self.port, None, _SELDOM),
            "kept, TLS": lambda kind: self._kept(kind, self.tls_port, self.trust),
            "a connection each": lambda kind: self._single(kind, self.port, None),
            "a connection each, TLS": lambda kind: self._single(kind, self.tls_port, self.trust),
            "tunnel": self._tunnel,
            "abort": self._abort,
        }[kind]
        self._pause_s = pause_s
        while not self.is_over:
            await manner(kind)
            await self._rest()

    async def _rest(self, pauses: int = 1) -> None:
        for _ in range(pauses):
            if not self.is_over:
                await asyncio.sleep(self.random.uniform(0.5, 1.5) * self._pause_s)

    def request(self) -> tuple[bytes, bytes]:
        """A request of its own, and the body of its right answer."""
        self._number += 1
        size = self.random.choice(_SIZES)
        place = self.random.choice(("plain", "cached", "keyed", "plain"))
        # Some are asked for again, so that the cache has hits.
        token = f"t{self._number % 50}" if place == "cached" else f"t{self._number}"
        fields = f"Host: a.example\r\nX-Api-Key: {self.key}\r\n"
        if place == "plain" and self._number % 4 == 0:
            body = body_of(f"/{token}/{size}")
            head = f"PUT /plain/{token}/{size} HTTP/1.1\r\n{fields}Content-Length: {len(body)}\r\n\r\n"
            return head.encode() + body, body
        path = f"/{place}/{token}/{size}"
        return f"GET {path} HTTP/1.1\r\n{fields}\r\n".encode(), body_of(path)

    @asynccontextmanager
    async def _judged(self, connection: Connection | None) -> AsyncIterator[None]:
        """What fails inside goes to the ledger."""
        began_s = time.monotonic()
        try:
            yield
        except (Broken, _Wrong) as exc:
            port = exc.port if isinstance(exc, Broken) else 0
            opened_s = began_s if connection is None else connection.opened_s
            self.ledger.fail(Failure(str(exc), port, opened_s, time.monotonic()))
            if connection is not None:
                connection.abort()

    async def _connected(self, port: int, tls: ssl.SSLContext | None) -> Connection | None:
        async with self._judged(None):
            return await connect(port, tls)
        return None

    async def _ask(self, kind: str, connection: Connection) -> bool:
        """One judged request; whether another may follow on *connection*."""
        request, body = self.request()
        async with self._judged(connection):
            answer = await connection.ask(request)
            if answer.status != 200:
                raise _Wrong(f"status {answer.status}")
            if answer.body != body:
                self.ledger.wrong_bodies += 1
                raise _Wrong("wrong body")
            self.ledger.right[kind] += 1
            return not answer.is_last
        return False

    async def _kept(self, kind: str, port: int, tls: ssl.SSLContext | None, pauses: int = 1) -> None:
        connection = await self._connected(port, tls)
        while connection is not None and not self.is_over:
            if not connection.is_open:
                self.ledger.closed_idle += 1
                break
            if not await self._ask(kind, connection):
                break
            await self._rest(pauses)
        if connection is not None:
            connection.close()

    async def _single(self, kind: str, port: int, tls: ssl.SSLContext | None) -> None:
        connection = await self._connected(port, tls)
        if connection is not None:
            await self._ask(kind, connection)
            connection.close()

    async def _tunnel(self, kind: str) -> None:
        """Upgrade, and have bytes come back; every other one stays until the end."""
        connection = await self._connected(self.port, None)
        if connection is None:
            return
        async with self._judged(connection):
            answer = await connection.ask(_UPGRADE)
            if answer.status != 101:
                raise _Wrong(f"status {answer.status} instead of 101")
            number, stays = 0, self.random.random() < 0.5
            while not self.is_over and (stays or number < _MESSAGES):
                number += 1
                message = f"message {number}.".encode() * self.random.randint(1, 200)
                connection.write(message)
                if await connection.take(len(message), "inside the tunnel") != message:
                    self.ledger.wrong_bodies += 1
                    raise _Wrong("wrong bytes in the tunnel")
                self.ledger.right[kind] += 1
                await self._rest()
        connection.close()

    async def _abort(self, kind: str) -> None:  # noqa: ARG002  # as the others
        """Go away in the middle: of a head, of a body, of an answer, or while waiting for one."""
        connection = await self._connected(self.port, None)
        if connection is None:
            return
        self.ledger.aborted += 1
        half = self.random.choice(
            (
                b"GET /plain/x/10 HTTP/1.1\r\nHost: a.exa",
                b"PUT /plain/x/10 HTTP/1.1\r\nHost: a.example\r\nContent-Length: 50000\r\n\r\n" + b"x" * 20_000,
                b"GET /plain/x/5000000 HTTP/1.1\r\nHost: a.example\r\n\r\n",
                b"GET /plain/slow/x/10 HTTP/1.1\r\nHost: a.example\r\n\r\n",
            )
        )
        connection.write(half)
        await asyncio.sleep(self.random.uniform(0, 0.05))
        (connection.abort if self.random.random() < 0.5 else connection.close)()
