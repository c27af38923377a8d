"""Accepting connections.

In: ``Listener``. Not in: what is done with a connection (``gateway``).
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.stream import Stream

_BACKLOG = 4096


class ListenFailed(VizgateError):
    """An address that cannot be listened on; the message names it and says why."""


class AcceptedStream(Stream):
    """A client's connection; *accepted* is called with it once it is there."""

    __slots__ = ("_accepted",)

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        sweeper: DeadlineSweeper,
        accepted: Callable[[Stream], None],
    ) -> None:
        super().__init__(loop, clock, sweeper)
        self._accepted = accepted

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport and tell the owner."""
        super().connection_made(transport)
        self._accepted(self)


class Listener:
    """A listening TCP socket at *host*, *port*; port 0 lets the system choose, ``address`` then says which."""

    def __init__(self, host: str, port: int) -> None:
        self.host = host
        self.port = port
        self._server: asyncio.Server | None = None

    async def open(self, clock: Clock, sweeper: DeadlineSweeper, accepted: Callable[[Stream], None]) -> None:
        """Listen. Raises: ListenFailed: the port is taken or not allowed, or the address is not this machine's."""
        loop = asyncio.get_running_loop()

        def accept() -> Stream:
            return AcceptedStream(loop, clock, sweeper, accepted)

        try:
            self._server = await loop.create_server(accept, self.host, self.port, backlog=_BACKLOG)
        except OSError as exc:
            reason = os.strerror(exc.errno) if exc.errno and exc.errno > 0 else str(exc)
            raise ListenFailed(f"cannot listen on {self.host}:{self.port}: {reason}") from exc
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, the real one after ``open``."""
        return self.host, self.port

    def close(self) -> None:
        """Accept nothing more; connections that were accepted live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __repr__(self) -> str:
        return f"<Listener {self.host}:{self.port} [{'closed' if self._server is None else 'open'}]>"
