"""Listening sockets that whoever starts the program has opened: systemd, or a shell by ``--fd``.

In: ``given_by_systemd``, ``given_by_number``, ``arranged``: which takes the place of which entry of ``server.listen``.
Not in: listening on them (``transport.listener``).
"""

from __future__ import annotations

import os
import socket
from collections.abc import MutableMapping, Sequence
from typing import NamedTuple

from vizgate.config.model import ListenConfig
from vizgate.errors import VizgateError
from vizgate.gateway.listening.places import places_of
from vizgate.transport.sharing.given import UnfitSocket, adopt_socket

# sd_listen_fds(3).
_FIRST = 3
_VARIABLES = ("LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


class GivenRefused(VizgateError):
    """Sockets that cannot be used as they were given; the message says which, and why."""


class GivenSocket(NamedTuple):
    """``name``: what systemd calls it (``FileDescriptorName=``), "" without one."""

    sock: socket.socket
    name: str = ""


def given_by_number(numbers: Sequence[int]) -> list[GivenSocket]:
    """The sockets behind the descriptors *numbers*. Raises: GivenRefused: one of them cannot be accepted from."""
    twice = sorted({number for number in numbers if numbers.count(number) > 1})
    if twice:
        raise GivenRefused(f"--fd: descriptor {twice[0]} is given twice. Name each socket once")
    return [GivenSocket(_adopted(number, "--fd")) for number in numbers]


def given_by_systemd(environment: MutableMapping[str, str], pid: int) -> list[GivenSocket]:
    """The sockets that *environment* tells of, if they are for the process *pid*; it tells of them no more then.

    Source: sd_listen_fds(3). Raises: GivenRefused: one of them cannot be accepted from.
    """
    told = {name: environment.pop(name, "") for name in _VARIABLES}
    if told["LISTEN_PID"] != str(pid):
        return []
    try:
        count = int(told["LISTEN_FDS"])
    except ValueError:
        raise GivenRefused(f"LISTEN_FDS is {told['LISTEN_FDS']!r}, which is no number of sockets") from None
    names = told["LISTEN_FDNAMES"].split(":") if told["LISTEN_FDNAMES"] else []
    names += [""] * (count - len(names))
    return [GivenSocket(_adopted(_FIRST + index, "systemd"), names[index]) for index in range(count)]


def _adopted(number: int, giver: str) -> socket.socket:
    try:
        return adopt_socket(number)
    except UnfitSocket as exc:
        raise GivenRefused(f"{giver}: {exc}. Give listening stream sockets") from exc


def given_sockets(numbers: Sequence[int]) -> list[GivenSocket]:
    """Those of ``--fd`` *numbers*, then those of systemd. Raises: GivenRefused: see above."""
    return [*given_by_number(numbers), *given_by_systemd(os.environ, os.getpid())]


def arranged(given: Sequence[GivenSocket], listen: Sequence[ListenConfig]) -> dict[str, tuple[socket.socket, ...]]:
    """Which of *given* take the place of which of *listen*: by name, all of that name; then one by one, in order.

    What is left of *listen* is opened as it says. Raises: GivenRefused: something is left of *given*.
    """
    places = places_of(listen)
    named: dict[str, list[socket.socket]] = {}
    for sock, name in given:
        named.setdefault(name, []).append(sock)
    found: dict[str, tuple[socket.socket, ...]] = {}
    for place, item in zip(places, listen, strict=True):
        if item.name is not None and item.name in named:
            found[place] = tuple(named.pop(item.name))
    rest = [given_socket for given_socket in given if given_socket.name in named]
    free = [place for place, item in zip(places, listen, strict=True) if place not in found and item.name is None]
    if len(rest) > len(free):
        raise GivenRefused(
            f"{len(given)} sockets were given, and server.listen has no entry for {len(rest) - len(free)} of them."
            " Write one for each"
        )
    return found | {place: (given_socket.sock,) for place, given_socket in zip(free, rest, strict=False)}
