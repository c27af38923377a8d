"""Accepting connections.

In: ``Listener``. Not in: what is done with a connection (``gateway``), and its TLS (``transport.arrival``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.transport.arrival.arrivals import Arrivals, ArrivalTerms, Hall
from vizgate.transport.arrival.sockets import UnixPlace, bind_tcp, bind_unix, inode_of, remove_unix
from vizgate.transport.arrival.syn_filter import stop_handshakes
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.stream import Stream

_BACKLOG = 4096
# How long connections whose handshake has begun are waited for when the listener is drained.
_SETTLE_S = 1.0
# Unsent bytes of a TLS connection above which its writer waits; the loop's own limit is 512 KiB.
_TLS_WRITE_BYTES = 64 * 1024


class ListenFailed(VizgateError):
    """An address that cannot be listened on; the message names it and says why."""


class AcceptedStream(Stream):
    """A client's connection; *accepted* is called with it once it is there.

    Args: source: the client's address by a PROXY header, None without.
    """

    __slots__ = ("_accepted", "_source")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        clock: Clock,
        sweeper: DeadlineSweeper,
        accepted: Callable[[Stream], None],
        source: str | None = None,
    ) -> None:
        super().__init__(loop, clock, sweeper)
        self._accepted = accepted
        self._source = source

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport and tell the owner."""
        super().connection_made(transport)
        if self.is_secure:
            self.certificate = transport.get_extra_info("ssl_object").getpeercert() or None
            self.transport.set_write_buffer_limits(high=_TLS_WRITE_BYTES)
        self._accepted(self)

    @property
    def peer(self) -> str:
        """The IP address of the client; "" on a Unix socket."""
        return super().peer if self._source is None else self._source


class Listener:
    """A listening TCP socket at *host*, *port*; port 0 lets the system choose, ``address`` then says which.

    Args: unix: the Unix socket to listen on instead. terms: what comes before the first request of a connection.
    """

    def __init__(
        self, host: str, port: int, *, unix: UnixPlace | None = None, terms: ArrivalTerms | None = None
    ) -> None:
        self.host = host
        self.port = port
        self.unix = unix
        self.terms = terms
        self._server: asyncio.Server | None = None
        self._accept: Callable[[], Stream] | None = None
        self._sockets: list[socket.socket] = []
        self._arrivals: Arrivals | None = None
        self._inode = 0

    async def open(
        self, clock: Clock, sweeper: DeadlineSweeper, accepted: Callable[[Stream], None], hall: Hall | None = None
    ) -> None:
        """Listen. Args: hall: counts connections that are not there yet; needed where the listener has terms.

        Raises: ListenFailed: the port is taken or not allowed, or the address is not this machine's.
        """
        loop = asyncio.get_running_loop()
        try:
            if self.terms is not None:
                assert hall is not None
                make = partial(AcceptedStream, loop, clock, sweeper)
                await self._open_with(Arrivals(self.terms, hall, accepted, make))
            else:
                self._accept = partial(AcceptedStream, loop, clock, sweeper, accepted)
                self._server = await self._serve(loop, self._accept)
        except (OSError, UnicodeError) as exc:
            raise ListenFailed(f"cannot listen on {self}: {_reason(exc)}") from exc
        if self.unix is not None:
            self._inode = inode_of(self.unix.path)
        else:
            sockets = self._sockets if self._server is None else self._server.sockets
            self.port = sockets[0].getsockname()[1]

    async def _serve(self, loop: asyncio.AbstractEventLoop, accept: Callable[[], Stream]) -> asyncio.Server:
        if self.unix is None:
            return await loop.create_server(accept, self.host, self.port, backlog=_BACKLOG)
        sock = await asyncio.to_thread(bind_unix, self.unix)
        return await loop.create_unix_server(accept, sock=sock, backlog=_BACKLOG)

    async def _open_with(self, arrivals: Arrivals) -> None:
        if self.unix is None:
            self._sockets = await bind_tcp(self.host, self.port)
        else:
            self._sockets = [await asyncio.to_thread(bind_unix, self.unix)]
        self._arrivals = arrivals
        for sock in self._sockets:
            asyncio.get_running_loop().add_reader(sock, arrivals.accept_from, sock)

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, the real one after ``open``; of a Unix socket ``unix:`` with its path, and 0."""
        return (self.host, self.port) if self.unix is None else (f"unix:{self.unix.path}", 0)

    @property
    def scheme(self) -> str:
        """What clients speak here."""
        return "http" if self.terms is None or self.terms.certificates is None else "https"

    async def drain(self, handshake_s: float = 0.0) -> None:
        """Accept what has connected already, then close.

        Closing a listening socket resets the connections that wait in its queue, and with them requests of clients
        who did nothing wrong.

        Args: handshake_s: how long connections that are just being made are waited for, in seconds.
        """
        listening = [*self._sockets, *(() if self._server is None else self._server.sockets)]
        if not listening:
            return
        take = self._taker()
        with contextlib.ExitStack() as closing:
            waiting = [closing.enter_context(socket.socket(fileno=os.dup(sock.fileno()))) for sock in listening]
            self._close_sockets()
            if self.unix is None:
                for sock in waiting:
                    stop_handshakes(sock)  # else a busy queue is hardly ever empty
            await _accept_queued(waiting, take)
            if handshake_s:
                await asyncio.sleep(handshake_s)
                await _accept_queued(waiting, take)
        if self._arrivals is not None:
            await self._arrivals.settle(_SETTLE_S)

    def _taker(self) -> Callable[[socket.socket, Any], Any]:
        if self._arrivals is not None:
            arrivals = self._arrivals
            return lambda sock, address: arrivals.take(sock, address[0] if isinstance(address, tuple) else "")
        loop, accept = asyncio.get_running_loop(), self._accept
        assert accept is not None
        return lambda sock, _: loop.connect_accepted_socket(accept, sock)

    def close(self) -> None:
        """Accept nothing more; connections that were accepted live on."""
        self._close_sockets()
        if self._arrivals is not None:
            self._arrivals.stop()

    def _close_sockets(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for sock in self._sockets:
            asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets = []
        if self.unix is not None:
            remove_unix(self.unix.path, self._inode)
            self._inode = 0

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.unix is None else f"unix:{self.unix.path}"

    def __repr__(self) -> str:
        is_open = self._server is not None or self._sockets
        return f"<Listener {self} [{'open' if is_open else 'closed'}]>"


async def _accept_queued(waiting: list[socket.socket], take: Callable[[socket.socket, Any], Any]) -> None:
    for listening in waiting:
        listening.settimeout(0)
        for accepted, address in _queued(listening):
            with contextlib.suppress(OSError):  # the client has given up since
                taking = take(accepted, address)
                if taking is not None:
                    await taking


def _queued(listening: socket.socket) -> Iterator[tuple[socket.socket, Any]]:
    """The connections that wait in the queue of *listening*, until it is empty."""
    for _ in range(_BACKLOG):
        try:
            accepted, address = listening.accept()
        except OSError:
            return
        accepted.settimeout(0)
        yield accepted, address


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, UnicodeError):
        return "not a host name"
    if isinstance(error, FileExistsError):
        return str(error.strerror)
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
