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
from vizgate.transport.sharing.turns import LONGEST, MOMENT_S, next_patience

_log = logging.getLogger("vizgate.connection")

# How many connections are taken at once where they were left to others and nobody came.
_AT_ONCE = 8
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
        self._patience = LONGEST
        # Those that are not listened to for a moment.
        self._resting: dict[socket.socket, asyncio.TimerHandle] = {}

    def start(self) -> None:
        """Begin."""
        for sock in self._sockets:
            sock.settimeout(0)
            self._loop.add_reader(sock, self._on_waiting, sock)

    def _on_waiting(self, sock: socket.socket) -> None:
        if self._seat.leaves_it:
            self._loop.remove_reader(sock)
            self._seat.rest(wanted=True)
            self._look_away(sock, 1)
        else:
            self._accept(sock)

    def _look_away(self, sock: socket.socket, moments: int) -> None:
        self._resting[sock] = self._loop.call_later(MOMENT_S, self._look, sock, moments)

    def _look(self, sock: socket.socket, moments: int) -> None:
        """See whose turn it is, after *moments*."""
        leaves_it = self._seat.leaves_it
        if leaves_it and moments < self._patience:
            self._look_away(sock, moments + 1)
            return
        self._resume(sock)
        if not leaves_it:
            self._accept(sock)
            return
        was_there = self._accept(sock)
        self._patience = next_patience(self._patience, was_taken=not was_there)
        for _ in range(_AT_ONCE - 1 if was_there else 0):
            if sock in self._resting or not self._accept(sock):
                return

    def _accept(self, sock: socket.socket) -> bool:
        """Take one connection; whether there was one."""
        try:
            accepted, address = sock.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another worker was quicker, or the client has left
            return False
        except OSError as exc:
            _log.error("cannot accept connections for %g s: %s", _REST_S, exc.strerror)
            # The loop would tell of the queue again at once, and no file is left for it.
            self._loop.remove_reader(sock)
            self._seat.rest(wanted=True)
            self._resting[sock] = self._loop.call_later(_REST_S, self._resume, sock)
            return False
        accepted.settimeout(0)
        self._take(accepted, address)
        return True

    def _resume(self, sock: socket.socket) -> None:
        del self._resting[sock]
        if not self._resting:
            self._seat.rest(wanted=False)
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
