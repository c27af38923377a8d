"""Connections that have come, and whose first request cannot: PROXY header and TLS handshake come first.

In: ``Arrivals``, ``ArrivalTerms``. Not in: connections that are there (``transport.stream``).
"""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from vizgate.transport.arrival.peek import ProxyTerms, UntrustedSender, read_source
from vizgate.transport.certificates.served import ServedCertificates
from vizgate.transport.stream import Stream
from vizgate.transport.tls import has_expired

_log = logging.getLogger("vizgate.connection")

# How long nothing is accepted when no file is left, in seconds; asyncio rests as long.
_REST_S = 1.0
# How many connections are taken from the queue before the loop has its turn.
_AT_ONCE = 64
# How long the loop waits for the end of a connection that is closed, in seconds: more than a stream does, which knows
# whether the peer is still taking what was sent.
_FAREWELL_S = 600.0


@dataclass(frozen=True, slots=True)
class ArrivalTerms:
    """What stands between a connection and its first request. ``certificates``: None without TLS. ``proxies``: None
    without PROXY headers. ``within_s``: the time for all of it.
    """

    certificates: ServedCertificates | None = None
    proxies: ProxyTerms | None = None
    within_s: float = 10.0


class Hall(Protocol):
    """Where connections wait until they are there; it has a limit."""

    def enter(self) -> bool:
        """Whether there is room for one more; it is counted until it leaves."""
        ...

    def leave(self) -> None:
        """One less."""
        ...

    def failed(self, reason: str) -> None:
        """One did not get through; *reason* is one of a few words."""
        ...


Accepted = Callable[[Stream], None]


class _Arrival:
    """An accepted *sock* on its way, and its place in *hall*."""

    __slots__ = ("_hall", "_is_ours", "sock")

    def __init__(self, sock: socket.socket, hall: Hall) -> None:
        self.sock = sock
        self._hall: Hall | None = hall
        self._is_ours = True

    def hand_over(self) -> socket.socket:
        """The socket, which from now on a transport closes: closed by two, it might be another connection's by then."""
        self._is_ours = False
        return self.sock

    def leave(self) -> None:
        """Give the place back, once."""
        hall, self._hall = self._hall, None
        if hall is not None:
            hall.leave()

    def end(self, _task: asyncio.Task[None]) -> None:
        """Leave nothing behind."""
        self.leave()
        if self._is_ours:
            self.sock.close()


class Arrivals:
    """Takes sockets on their way to streams.

    Args: accepted: is given what has arrived. make: gives a stream; it is given whom to tell of it once it is there,
    and the client's address where a PROXY header told it.
    """

    def __init__(
        self, terms: ArrivalTerms, hall: Hall, accepted: Accepted, make: Callable[[Accepted, str | None], Stream]
    ) -> None:
        #: For those that come from now on.
        self.terms = terms
        self._hall = hall
        self._accepted = accepted
        self._make = make
        self._tasks: set[asyncio.Task[None]] = set()

    def accept_from(self, listening: socket.socket) -> None:
        """Take what waits in the queue of *listening*; what is over the limit is closed."""
        for _ in range(_AT_ONCE):
            try:
                sock, address = listening.accept()
            except (BlockingIOError, ConnectionAbortedError):  # the queue is empty, or the first in it has left
                return
            except OSError as exc:
                self._rest(listening, exc)
                return
            self.take(sock, address[0] if isinstance(address, tuple) else "")

    def _rest(self, listening: socket.socket, error: OSError) -> None:
        """Accept nothing for a while: the loop would tell of the queue again at once, and no file is left for it."""
        _log.error("cannot accept connections for %g s: %s", _REST_S, error.strerror)
        loop = asyncio.get_running_loop()
        loop.remove_reader(listening)
        loop.call_later(_REST_S, self._resume, listening)

    def _resume(self, listening: socket.socket) -> None:
        if listening.fileno() >= 0:
            asyncio.get_running_loop().add_reader(listening, self.accept_from, listening)

    def take(self, sock: socket.socket, peer: str) -> None:
        """Take one accepted *sock*."""
        if not self._hall.enter():
            sock.close()
            return
        sock.settimeout(0)
        arrival = _Arrival(sock, self._hall)
        task = asyncio.get_running_loop().create_task(self._arrive(arrival, peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(arrival.end)  # also of a task that was cancelled before its first step

    async def _arrive(self, arrival: _Arrival, peer: str) -> None:
        def arrived(stream: Stream) -> None:
            arrival.leave()  # it takes another place now
            if has_expired(stream.certificate, stream.clock.wall()):
                self._hall.failed("bad_certificate")
                stream.abort()
            else:
                self._accepted(stream)

        reason, terms = "", self.terms
        try:
            async with asyncio.timeout(terms.within_s):
                source = None
                if terms.proxies is not None:
                    source = await read_source(arrival.sock, peer, terms.proxies)
                await _connect(arrival.hand_over(), partial(self._make, arrived, source), terms)
        except TimeoutError:
            reason = "timeout"
        except UntrustedSender:
            reason = "proxy_sender"
        except ssl.SSLError as exc:  # before ValueError: one kind of it is one
            reason = _reason_of(exc)
        except ValueError:
            reason = "proxy_header"
        except OSError:
            reason = "gone"
        if reason:
            self._hall.failed(reason)
            _log.debug("a connection from %s was not established: %s", peer or "a Unix socket", reason)

    async def settle(self, within_s: float) -> None:
        """Let those that are on their way arrive, for *within_s* seconds; the rest is closed."""
        if self._tasks:
            await asyncio.wait(list(self._tasks), timeout=within_s)
        self.stop()

    def stop(self) -> None:
        """Close what is still on its way."""
        for task in list(self._tasks):
            task.cancel()

    def __repr__(self) -> str:
        return f"<Arrivals [{len(self._tasks)} on their way]>"


async def _connect(sock: socket.socket, make: Callable[[], Stream], terms: ArrivalTerms) -> None:
    loop = asyncio.get_running_loop()
    if terms.certificates is None:
        await loop.connect_accepted_socket(make, sock)
    else:
        await loop.connect_accepted_socket(
            make,
            sock,
            ssl=terms.certificates.context,
            ssl_handshake_timeout=terms.within_s,
            ssl_shutdown_timeout=_FAREWELL_S,
        )


#: OpenSSL's words for what clients do wrong, in few.
_REASONS = {
    "HTTP_REQUEST": "plain_http",
    "HTTPS_PROXY_REQUEST": "plain_http",
    "WRONG_VERSION_NUMBER": "not_tls",
    "UNSUPPORTED_PROTOCOL": "version",
    "NO_SHARED_CIPHER": "cipher",
    "NO_PROTOCOLS_AVAILABLE": "version",
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "no_certificate",
    "CERTIFICATE_VERIFY_FAILED": "bad_certificate",
}


def _reason_of(error: ssl.SSLError) -> str:
    return _REASONS.get(error.reason or "", "tls")
