"""Connections to one target, kept for reuse.

In: ``TargetPool``. Not in: which target a request goes to (``balancer``) and what is said on the connection
(``gateway.http1``).
"""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from vizgate.clock import Clock
from vizgate.errors import ConnectFailed
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.resolver import Resolver
from vizgate.transport.stream import Stream


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a target is: *host* (name or address), *port*, how it is secured, None for plain TCP; or *unix_path*."""

    host: str
    port: int
    tls: ssl.SSLContext | None = None
    server_name: str | None = None
    unix_path: str = ""

    def __str__(self) -> str:
        if self.unix_path:
            return f"unix:{self.unix_path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """How many idle connections are kept, and for how many seconds."""

    max_idle: int = 512
    idle_timeout_s: float = 60.0


class PooledStream(Stream):
    """A connection to a target. While it lies in the pool, any byte or end from the target removes it: bytes that were
    not asked for must never become the answer to the next request (response-queue poisoning).
    """

    __slots__ = ("context", "is_idle", "leave", "reused")

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, sweeper: DeadlineSweeper) -> None:
        super().__init__(loop, clock, sweeper)
        self.reused = False
        #: Whether it lies in the pool.
        self.is_idle = False
        #: Whatever the user of the connection keeps with it.
        self.context: Any = None
        #: Takes it out of the pool and closes it; made when it is first given to one.
        self.leave: Callable[[], None] | None = None

    def rest(self, deadline_s: float) -> None:
        """Lie idle until *deadline_s* (monotonic seconds); ``leave`` is called when anything but a new use happens."""
        self.reused = self.is_idle = True
        self.on_gone = None
        self.on_unasked = self.leave
        self._read_deadline_s = deadline_s
        if deadline_s < self.due_s:
            self.sweeper.enter(self, deadline_s)

    def resume(self) -> bool:
        """End the rest; whether the connection is still good."""
        self.is_idle = False
        self.on_unasked = None
        self._read_deadline_s = 0.0
        return self.is_quiet

    def connection_lost(self, exc: Exception | None) -> None:
        """As ``Stream``."""
        super().connection_lost(exc)
        self.leave = None  # it holds this stream, which should not have to wait for the collector

    def expire(self) -> None:
        """As ``Stream``, unless idle: then it has been idle for too long and is closed."""
        if self.is_idle and self.on_unasked is not None:
            self.deadline_s = 0.0
            self.on_unasked()
        else:
            super().expire()


class TargetPool:
    """The connections to one endpoint: the one used last is reused first, so that what is not needed grows old."""

    def __init__(
        self,
        endpoint: Endpoint,
        limits: PoolLimits,
        clock: Clock,
        sweeper: DeadlineSweeper,
        resolver: Resolver | None = None,
    ) -> None:
        self.endpoint = endpoint
        self._is_address = _is_address(endpoint.host)
        self._resolver = resolver or Resolver()
        self._max_idle = limits.max_idle
        self._idle_timeout_s = limits.idle_timeout_s
        self._clock = clock
        self._sweeper = sweeper
        self._idle: dict[PooledStream, None] = {}
        self._closed = False

    def take(self, *, careful: bool = False) -> PooledStream | None:
        """An idle connection, or None.

        Args: careful: look at the socket once more, for a request that must not be sent twice.
        """
        while self._idle:
            stream, _ = self._idle.popitem()
            if stream.resume() and not (careful and stream.has_news):
                return stream
            stream.abort()
        return None

    def give(self, stream: PooledStream, now_s: float) -> None:
        """Keep *stream* for reuse, if it is still good and there is room; else close it. Args: now_s: monotonic."""
        if self._closed or not stream.is_quiet or len(self._idle) >= self._max_idle:
            stream.close()
            return
        self._idle[stream] = None
        if stream.leave is None:
            stream.leave = partial(self.discard, stream)
        stream.rest(now_s + self._idle_timeout_s)

    def discard(self, stream: PooledStream) -> None:
        """Drop an idle *stream* and close it."""
        self._idle.pop(stream, None)
        stream.is_idle = False
        stream.on_unasked = None
        stream.abort()

    async def connect(self, timeout_s: float) -> PooledStream:
        """A new connection, TLS handshake included. Raises: ConnectFailed: none within *timeout_s* seconds."""
        try:
            async with asyncio.timeout(timeout_s):
                return await self._connect()
        except TimeoutError as exc:
            raise ConnectFailed(f"no connection within {timeout_s:g} s") from exc
        except ssl.SSLError as exc:
            raise ConnectFailed("TLS handshake failed") from exc
        except (OSError, UnicodeError) as exc:  # UnicodeError: a host name that IDNA cannot encode
            raise ConnectFailed("connection refused or unreachable") from exc

    async def _connect(self) -> PooledStream:
        end = self.endpoint
        if end.unix_path:
            loop = asyncio.get_running_loop()
            return (await loop.create_unix_connection(self._make(loop), end.unix_path))[1]
        if self._is_address:
            return await self._connect_to(end.host)
        *others, last = await self._resolver.addresses(end.host)
        for address in others:
            try:
                return await self._connect_to(address)
            except ssl.SSLError:
                raise
            except OSError:
                continue  # the next one may do
        return await self._connect_to(last)

    async def _connect_to(self, address: str) -> PooledStream:
        loop, end = asyncio.get_running_loop(), self.endpoint
        server_name = (end.server_name or end.host) if end.tls is not None else None
        connecting = loop.create_connection(
            self._make(loop), address, end.port, ssl=end.tls, server_hostname=server_name
        )
        return (await connecting)[1]

    def _make(self, loop: asyncio.AbstractEventLoop) -> Callable[[], PooledStream]:
        return partial(PooledStream, loop, self._clock, self._sweeper)

    def reopen(self) -> None:
        """Keep connections again after ``close``."""
        self._closed = False

    def close(self) -> None:
        """Close every idle connection, and until ``reopen`` every one that is given back."""
        self._closed = True
        while self._idle:
            self.discard(next(iter(self._idle)))

    @property
    def idle(self) -> int:
        """How many connections lie idle."""
        return len(self._idle)

    def __repr__(self) -> str:
        return f"<TargetPool {self.endpoint} [{self.idle} idle]>"


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
