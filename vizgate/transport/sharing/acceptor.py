"""Accepting from sockets that other processes accept from, too.

In: ``SharedAcceptor``. Not in: whose turn it is (``sharing.turns``), what becomes of a connection (the caller).

One socket for all, and not one for each worker by SO_REUSEPORT: the kernel would give each worker a queue of its own,
and what waits in the queue of a worker that is busy or dies is lost or late.
"""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Callable, Sequence
from typing import Any

from vizgate.transport.sharing.seat import Seat
from vizgate.transport.sharing.turns import LONGEST_S, next_patience

_log = logging.getLogger("vizgate.connection")

# How long nothing is accepted when no file is left, in seconds; asyncio rests as long.
_REST_S = 1.0

Take = Callable[[socket.socket, Any], object]


class SharedAcceptor:
    """Takes one connection at a time from *sockets*, if it is the turn of *seat*, and gives it to *take*."""

    def __init__(self, sockets: Sequence[socket.socket], seat: Seat, take: Take) -> None:
        self._sockets = tuple(sockets)
        self._seat = seat
        self._take = take
        self._loop = asyncio.get_running_loop()
        self._patience_s = LONGEST_S
        # Those that are not listened to for a moment.
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begin."""
        for sock in self._sockets:
            sock.settimeout(0)
            self._loop.add_reader(sock, self._on_waiting, sock)

    def _on_waiting(self, sock: socket.socket) -> None:
        if self._seat.leaves_it:
            self._rest(sock, self._patience_s, self._after_leaving)
        else:
            self._accept(sock)

    def _after_leaving(self, sock: socket.socket) -> None:
        self._resume(sock)
        self._patience_s = next_patience(self._patience_s, was_taken=not self._accept(sock))

    def _accept(self, sock: socket.socket) -> bool:
        """Take one connection; whether there was one."""
        try:
            accepted, address = sock.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another worker was quicker, or the client has left
            return False
        except OSError as exc:
            _log.error("cannot accept connections for %g s: %s", _REST_S, exc.strerror)
            # The loop would tell of the queue again at once, and no file is left for it.
            self._rest(sock, _REST_S, self._resume)
            return False
        accepted.settimeout(0)
        self._take(accepted, address)
        return True

    def _rest(self, sock: socket.socket, delay_s: float, then: Callable[[socket.socket], None]) -> None:
        self._loop.remove_reader(sock)
        self._resting[sock] = self._loop.call_later(delay_s, then, sock)

    def _resume(self, sock: socket.socket) -> None:
        del self._resting[sock]
        self._loop.add_reader(sock, self._on_waiting, sock)

    def stop(self) -> None:
        """Accept no more; the sockets stay open."""
        for timer in self._resting.values():
            timer.cancel()
        for sock in self._sockets:
            if sock not in self._resting:
                self._loop.remove_reader(sock)
        self._resting.clear()
        self._sockets = ()

    def __repr__(self) -> str:
        return f"<SharedAcceptor [{len(self._sockets)} sockets, {len(self._resting)} resting]>"
