"""Accepting connections.

In: ``Listener``. Not in: what is done with a connection (``gateway``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.stream import Stream
from vizgate.transport.syn_filter import stop_handshakes

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
        self._accept: Callable[[], Stream] | None = None

    async def open(self, clock: Clock, sweeper: DeadlineSweeper, accepted: Callable[[Stream], None]) -> None:
        """Listen. Raises: ListenFailed: the port is taken or not allowed, or the address is not this machine's."""
        loop = asyncio.get_running_loop()

        def accept() -> Stream:
            return AcceptedStream(loop, clock, sweeper, accepted)

        try:
            self._server = await loop.create_server(accept, self.host, self.port, backlog=_BACKLOG)
        except (OSError, UnicodeError) as exc:
            raise ListenFailed(f"cannot listen on {self.host}:{self.port}: {_reason(exc)}") from exc
        self._accept = accept
        self.port = self._server.sockets[0].getsockname()[1]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, the real one after ``open``."""
        return self.host, self.port

    async def drain(self, handshake_s: float = 0.0) -> None:
        """Accept what has connected already, then close.

        Closing a listening socket resets the connections that wait in its queue, and with them requests of clients
        who did nothing wrong.

        Args: handshake_s: how long connections that are just being made are waited for, in seconds.
        """
        server, accept = self._server, self._accept
        if server is None or accept is None:
            return
        with contextlib.ExitStack() as closing:
            waiting = [closing.enter_context(socket.socket(fileno=os.dup(sock.fileno()))) for sock in server.sockets]
            self.close()
            for listening in waiting:
                stop_handshakes(listening)  # else a busy queue is hardly ever empty
            await _accept_queued(waiting, accept)
            if handshake_s:
                await asyncio.sleep(handshake_s)
                await _accept_queued(waiting, accept)

    def close(self) -> None:
        """Accept nothing more; connections that were accepted live on."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def __repr__(self) -> str:
        return f"<Listener {self.host}:{self.port} [{'closed' if self._server is None else 'open'}]>"


async def _accept_queued(waiting: list[socket.socket], accept: Callable[[], Stream]) -> None:
    loop = asyncio.get_running_loop()
    for listening in waiting:
        listening.settimeout(0)
        for accepted in _queued(listening):
            with contextlib.suppress(OSError):  # the client has given up since
                await loop.connect_accepted_socket(accept, accepted)


def _queued(listening: socket.socket) -> Iterator[socket.socket]:
    """The connections that wait in the queue of *listening*, until it is empty."""
    for _ in range(_BACKLOG):
        try:
            accepted, _ = listening.accept()
        except OSError:
            return
        accepted.settimeout(0)
        yield accepted


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "not a host name"
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
