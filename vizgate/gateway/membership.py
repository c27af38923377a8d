"""What a gateway is given by whoever started it, instead of making it itself.

In: ``Membership``, ``SocketBox``. Not in: who gives it: a supervisor (``gateway.workers``), systemd or a command line
(``gateway.listening.given``).
"""

from __future__ import annotations

import socket
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.observe.access_log.sink import Turnstile
from vizgate.transport.sharing.seat import Seat

#: Gives the content type and the text of all metrics, in a format that the argument, a value of ``Accept``, allows.
Exposition = Callable[[str], Awaitable[tuple[str, bytes]]]


class SocketBox:
    """Listening sockets, by the place that they take (``gateway.listening.places``)."""

    def __init__(self, sockets: Mapping[str, Sequence[socket.socket]] | None = None) -> None:
        self._sockets = {place: tuple(group) for place, group in (sockets or {}).items()}

    def copies(self, place: str) -> tuple[socket.socket, ...]:
        """Duplicates of those for *place*; none when it is to be bound. Raises: OSError: no file is left."""
        return tuple(sock.dup() for sock in self._sockets.get(place, ()))

    def fill(self, sockets: Mapping[str, Sequence[socket.socket]]) -> None:
        """Have *sockets* instead of those that are here, which are closed."""
        self.close()
        self._sockets = {place: tuple(group) for place, group in sockets.items()}

    def close(self) -> None:
        """Close all that are here; duplicates live on."""
        for group in self._sockets.values():
            for sock in group:
                sock.close()
        self._sockets = {}

    @property
    def sockets(self) -> Mapping[str, tuple[socket.socket, ...]]:
        """All that are here."""
        return self._sockets

    def __len__(self) -> int:
        return sum(len(group) for group in self._sockets.values())

    def __repr__(self) -> str:
        return f"<SocketBox [{len(self)} sockets]>"


async def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True)
class Membership:
    """What is one for several processes, or stays when this one ends.

    ``sockets``: listening sockets that take the place of entries of ``server.listen``. ``seat``: among the workers,
    None for a gateway that is one process. ``secret``: see ``GatewayState.affinity_key``; None for one of its own.
    ``store_fd``: the table of the shared store. ``exposition``: the metrics of all workers. ``turnstile``: for writers
    of one log. ``before_serving``: what is to be done when everything has started, before the first connection.
    ``number``: of the worker, from 1; 0 for a gateway that is one process.
    """

    sockets: SocketBox = field(default_factory=SocketBox)
    seat: Seat | None = None
    secret: bytes | None = field(default=None, repr=False)
    store_fd: int | None = None
    exposition: Exposition | None = None
    turnstile: Turnstile | None = None
    before_serving: Callable[[], Awaitable[None]] = _nothing
    number: int = 0
