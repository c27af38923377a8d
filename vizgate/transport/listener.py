"""Accepting connections.

In: ``Listener``. Not in: what is done with a connection (``gateway``), and its TLS (``transport.arrival``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.transport.arrival.arrivals import Arrivals, ArrivalTerms, Hall
from vizgate.transport.arrival.sockets import UnixPlace, bind, inode_of, place_of, remove_unix
from vizgate.transport.arrival.syn_filter import stop_handshakes
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.sharing.acceptor import SharedAcceptor
from vizgate.transport.sharing.seat import Seat
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

    __slots__ = ("_accepted", "_source", "listener")

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
        #: Where it came in.
        self.listener: Listener | None = None

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
    given: gives listening sockets to use instead of binding any, if there are some; they are closed here, and what they
    have in the file system is left alone. seat: ours among the workers that accept from them, too.
    """

    def __init__(
        self,
        host: str,
        port: int,
        *,
        unix: UnixPlace | None = None,
        terms: ArrivalTerms | None = None,
        given: Callable[[], Sequence[socket.socket]] = tuple,
        seat: Seat | None = None,
    ) -> None:
        self.host = host
        self.port = port
        self.unix = unix
        self.terms = terms
        #: What is listened with, as long as no server has it.
        self._sockets: list[socket.socket] = []
        self._given = given
        self._is_given = False
        self._seat = seat
        self._servers: list[asyncio.Server] = []
        self._arrivals: Arrivals | None = None
        self._acceptor: SharedAcceptor | None = None
        self._arriving: set[asyncio.Task[Any]] = set()
        self._inode = 0
        self._accepted: Callable[[Stream], None] = _refuse
        self._hall: Hall | None = None
        self._make: partial[AcceptedStream] | None = None

    async def open(
        self, clock: Clock, sweeper: DeadlineSweeper, accepted: Callable[[Stream], None], hall: Hall | None = None
    ) -> None:
        """Listen. Args: hall: counts connections that are not there yet; needed where the listener has terms.

        Raises: ListenFailed: the port is taken or not allowed, or the address is not this machine's.
        """
        await self.bind()
        await self.serve(clock, sweeper, accepted, hall)

    async def bind(self, *, tries: int = 1) -> None:
        """Take the address: whoever connects waits until ``serve``. Args: tries: how often, if it is in use.

        Raises: ListenFailed: see ``open``.
        """
        try:
            self._sockets = list(self._given())
            self._is_given = bool(self._sockets)
            if self._is_given:
                self.host, self.port, self.unix = place_of(self._sockets[0])
                return
            self._sockets = await bind(self.host, self.port, self.unix, tries=tries)
        except (OSError, UnicodeError) as exc:
            raise ListenFailed(f"cannot listen on {self}: {reason_of(exc)}") from exc
        if self.unix is not None:
            self._inode = inode_of(self.unix.path)
        else:
            self.port = self._sockets[0].getsockname()[1]

    async def serve(
        self, clock: Clock, sweeper: DeadlineSweeper, accepted: Callable[[Stream], None], hall: Hall | None = None
    ) -> None:
        """Accept who has connected since ``bind``, and from now on; the arguments are those of ``open``."""
        loop = asyncio.get_running_loop()
        self._accepted, self._hall = accepted, hall
        self._make = partial(AcceptedStream, loop, clock, sweeper)
        if self.terms is not None:
            self._begin_arrivals(self.terms)
        if self._seat is not None:
            self._acceptor = SharedAcceptor(self._sockets, self._seat, self._shared_taker(loop))
            self._acceptor.start()
        elif self._arrivals is None:
            await self._begin_servers(loop)

    async def _begin_servers(self, loop: asyncio.AbstractEventLoop) -> None:
        assert self._make is not None
        make = partial(self._make, self._take, None)
        create = loop.create_server if self.unix is None else loop.create_unix_server
        sockets, self._sockets = self._sockets, []
        self._servers = [await create(make, sock=sock, backlog=_BACKLOG) for sock in sockets]

    def _begin_arrivals(self, terms: ArrivalTerms) -> None:
        assert self._hall is not None
        assert self._make is not None
        self._arrivals = Arrivals(terms, self._hall, self._take, self._make)
        for sock in () if self._seat is not None else self._sockets:
            asyncio.get_running_loop().add_reader(sock, self._arrivals.accept_from, sock)

    def _take(self, stream: Stream) -> None:
        if isinstance(stream, AcceptedStream):
            stream.listener = self
        self._accepted(stream)

    def _shared_taker(self, loop: asyncio.AbstractEventLoop) -> Callable[[socket.socket, Any], None]:
        """Takes what was accepted; it runs for every connection."""
        assert self._make is not None
        make, arriving, end = partial(self._make, self._take, None), self._arriving, self._end_of

        def take(sock: socket.socket, address: Any) -> None:
            if self._arrivals is not None:
                self._arrivals.take(sock, address[0] if isinstance(address, tuple) else "")
                return
            task = loop.create_task(loop.connect_accepted_socket(make, sock))
            arriving.add(task)
            task.add_done_callback(end)

        return take

    def _end_of(self, task: asyncio.Task[Any]) -> None:
        self._arriving.discard(task)
        if not task.cancelled():
            task.exception()  # the client has given up since

    @property
    def _listening(self) -> list[Any]:
        return [*self._sockets, *(sock for server in self._servers for sock in server.sockets)]

    def change(self, terms: ArrivalTerms | None, accepted: Callable[[Stream], None], hall: Hall) -> None:
        """Let what connects from now on come by *terms* and be given to *accepted*; the socket stays, and whoever waits
        in its queue.
        """
        self.terms, self._accepted, self._hall = terms, accepted, hall
        if self._arrivals is not None:
            self._arrivals.terms = terms or ArrivalTerms()
        elif terms is not None and self._listening:
            if self._servers:
                # Duplicates, because closing a server closes its sockets; what is listened with is the same.
                self._sockets = [_duplicate(sock) for sock in self._listening]
                self._close_servers()
            self._begin_arrivals(terms)

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

        Where other workers accept from the same sockets and go on, the queue is theirs. Where they stop, too, their
        supervisor has turned away who is still to come.

        Args: handshake_s: how long connections that are just being made are waited for, in seconds.
        """
        listening = self._listening
        if self._seat is not None and self._seat.leaves_queues:
            self._close_sockets()
        elif listening:
            await self._accept_rest(listening, handshake_s)
        if self._arriving:
            await asyncio.wait(list(self._arriving), timeout=_SETTLE_S)
        if self._arrivals is not None:
            await self._arrivals.settle(_SETTLE_S)

    async def _accept_rest(self, listening: list[Any], handshake_s: float) -> None:
        take = self._taker()
        with contextlib.ExitStack() as closing:
            waiting = [closing.enter_context(_duplicate(sock)) for sock in listening]
            self._close_sockets()
            # A given socket may go on without us: with a filter on it, it would be deaf.
            if self.unix is None and not self._is_given:
                for sock in waiting:
                    stop_handshakes(sock)  # else a busy queue is hardly ever empty
            await _accept_queued(waiting, take)
            if handshake_s:
                await asyncio.sleep(handshake_s)
                await _accept_queued(waiting, take)

    def _taker(self) -> Callable[[socket.socket, Any], Any]:
        if self._arrivals is not None:
            arrivals = self._arrivals
            return lambda sock, address: arrivals.take(sock, address[0] if isinstance(address, tuple) else "")
        assert self._make is not None
        loop, make = asyncio.get_running_loop(), partial(self._make, self._take, None)
        return lambda sock, _: loop.connect_accepted_socket(make, sock)

    def close(self) -> None:
        """Accept nothing more; connections that were accepted live on."""
        self._close_sockets()
        if self._arrivals is not None:
            self._arrivals.stop()

    def _close_sockets(self) -> None:
        self._close_servers()
        if self._acceptor is not None:
            self._acceptor.stop()
            self._acceptor = None
        for sock in self._sockets:
            if self._arrivals is not None and self._seat is None:
                asyncio.get_running_loop().remove_reader(sock)
            sock.close()
        self._sockets = []
        if self.unix is not None:
            remove_unix(self.unix.path, self._inode)
            self._inode = 0

    def _close_servers(self) -> None:
        servers, self._servers = self._servers, []
        for server in servers:
            server.close()

    def __str__(self) -> str:
        return f"{self.host}:{self.port}" if self.unix is None else f"unix:{self.unix.path}"

    def __repr__(self) -> str:
        is_open = bool(self._listening)
        return f"<Listener {self} [{'open' if is_open else 'closed'}]>"


def _refuse(stream: Stream) -> None:
    """What nobody serves."""
    stream.abort()


def _duplicate(sock: Any) -> socket.socket:
    return socket.socket(fileno=os.dup(sock.fileno()))


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


def reason_of(error: OSError | UnicodeError) -> str:
    """Why an address cannot be listened on, for people."""
    if isinstance(error, UnicodeError):
        return "not a host name"
    if isinstance(error, FileExistsError):
        return str(error.strerror)
    return os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
