"""The listening sockets that all workers accept from.

In: ``Doors``. Not in: accepting, which the supervisor never does.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from vizgate.config.model import Address, ListenConfig
from vizgate.gateway.listening.listeners import place_of
from vizgate.gateway.listening.places import places_of
from vizgate.transport.arrival.sockets import RELOAD_TRIES, UnixPlace, bind, inode_of, remove_unix
from vizgate.transport.arrival.sockets import place_of as place_of_socket
from vizgate.transport.arrival.syn_filter import stop_handshakes
from vizgate.transport.listener import ListenFailed, reason_of


@dataclass(slots=True)
class Door:
    """``sockets`` of one address. ``url``: for people. ``unix``: the file that is ours to remove; ``is_given``: nothing
    here is.
    """

    sockets: tuple[socket.socket, ...]
    url: str
    unix: UnixPlace | None = None
    inode: int = 0
    is_given: bool = False

    def shut(self) -> None:
        """Let nobody knock any more; who has knocked already can still be let in."""
        if self.is_given:
            return
        if self.unix is not None:
            remove_unix(self.unix.path, self.inode)
            self.inode = 0  # the next file may have the same
            return
        for sock in self.sockets:
            stop_handshakes(sock)

    def close(self) -> None:
        """Let go of it."""
        if self.unix is not None and not self.is_given:
            remove_unix(self.unix.path, self.inode)
        for sock in self.sockets:
            sock.close()


@dataclass(slots=True)
class Doors:
    """Those of one configuration, by their places, in its order. ``given``: sockets that take such places."""

    given: Mapping[str, Sequence[socket.socket]] = field(default_factory=dict)
    by_place: dict[str, Door] = field(default_factory=dict)

    async def opened(self, listen: Sequence[ListenConfig]) -> Doors:
        """The doors of *listen*: those that are here already are the same, the others are new.

        Raises: ListenFailed: one of them cannot be had; none is left open then.
        """
        doors = Doors(self.given)
        try:
            for place, item in zip(places_of(listen), listen, strict=True):
                doors.by_place[place] = self.by_place.get(place) or await self._open(place, item)
        except BaseException:
            doors.close_all_but(self)
            raise
        return doors

    async def _open(self, place: str, item: ListenConfig) -> Door:
        if place in self.given:
            sockets = [sock.dup() for sock in self.given[place]]
            return Door(tuple(sockets), _url(item, sockets[0]), is_given=True)
        host, port, unix = place_of(item)
        try:
            sockets = await bind(host, port, unix, tries=RELOAD_TRIES if self.by_place else 1)
        except (OSError, UnicodeError) as exc:
            raise ListenFailed(f"cannot listen on {item.address}: {reason_of(exc)}") from exc
        return Door(tuple(sockets), _url(item, sockets[0]), unix, 0 if unix is None else inode_of(unix.path))

    @property
    def sockets(self) -> dict[str, tuple[socket.socket, ...]]:
        """Every socket, by place."""
        return {place: door.sockets for place, door in self.by_place.items()}

    @property
    def urls(self) -> list[str]:
        """Where clients connect, as people write it."""
        return [door.url for door in self.by_place.values()]

    def close_all_but(self, others: Doors | None = None) -> None:
        """Close those that *others* has not."""
        for door in self._not_in(others):
            door.close()

    def shut_all_but(self, others: Doors | None = None) -> None:
        """Let nobody knock any more at those that *others* has not."""
        for door in self._not_in(others):
            door.shut()

    def _not_in(self, others: Doors | None) -> list[Door]:
        kept = () if others is None else list(others.by_place.values())
        return [door for door in self.by_place.values() if not any(door is other for other in kept)]

    def __repr__(self) -> str:
        return f"<Doors [{len(self.by_place)}]>"


def _url(item: ListenConfig, sock: socket.socket) -> str:
    scheme = "http" if item.tls is None else "https"
    host, port, unix = place_of_socket(sock)
    if unix is not None:
        return f"{scheme}://unix:{unix.path}"
    if isinstance(item.address, Address) and item.address.port == port:
        host = item.address.host  # as it was written
    return f"{scheme}://{Address(host, port)}"
