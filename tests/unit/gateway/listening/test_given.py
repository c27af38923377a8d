"""Sockets that whoever starts the program has opened, and whose place they take."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from vizgate.config.model import Address, ListenConfig
from vizgate.gateway.listening.given import (
    GivenRefused,
    GivenSocket,
    arranged,
    given_by_number,
    given_by_systemd,
)
from vizgate.gateway.listening.places import places_of


@pytest.fixture
def sockets() -> Iterator[list[socket.socket]]:
    found = [socket.create_server(("127.0.0.1", 0)) for _ in range(3)]
    yield found
    for sock in found:
        sock.close()


def listen(*names: str | None) -> list[ListenConfig]:
    """An entry for each of *names*."""
    return [ListenConfig(address=Address("127.0.0.1", number), name=name) for number, name in enumerate(names, 1)]


def test_sockets_take_places_in_order(sockets: list[socket.socket]):
    """The first socket is for the first entry; entries without one are opened as they say."""
    given = [GivenSocket(sockets[0]), GivenSocket(sockets[1])]
    assert {"127.0.0.1:1": (sockets[0],), "127.0.0.1:2": (sockets[1],)} == arranged(given, listen(None, None, None))


def test_sockets_with_a_name_take_the_place_of_that_name(sockets: list[socket.socket]):
    """All sockets of a unit go to the entry with its name, wherever that stands; the others go on in order."""
    given = [GivenSocket(sockets[0], "b"), GivenSocket(sockets[1], "x"), GivenSocket(sockets[2], "b")]
    assert {"127.0.0.1:2": (sockets[0], sockets[2]), "127.0.0.1:1": (sockets[1],)} == arranged(given, listen(None, "b"))


def test_entry_with_a_name_takes_no_other_socket(sockets: list[socket.socket]):
    """A name that systemd does not know is opened as the entry says."""
    assert {"127.0.0.1:2": (sockets[0],)} == arranged([GivenSocket(sockets[0])], listen("a", None))


def test_socket_without_a_place_is_refused(sockets: list[socket.socket]):
    """What was given is served, or the start fails."""
    with pytest.raises(GivenRefused, match=r"2 sockets were given, and server\.listen has no entry for 1 of them"):
        arranged([GivenSocket(sockets[0]), GivenSocket(sockets[1])], listen(None))


def test_equal_addresses_are_told_apart():
    """Two ports of the system's choice are two places."""
    twice = ListenConfig(address=Address("127.0.0.1", 0))
    assert ("127.0.0.1:0", "127.0.0.1:0 (2)", "127.0.0.1:1") == places_of([twice, twice, *listen(None)])


def test_systemd_gives_nothing_to_other_processes():
    """What the environment says is for one process, and is said once."""
    environment = {"LISTEN_PID": "1", "LISTEN_FDS": "2", "LISTEN_FDNAMES": "a:b", "PATH": "/bin"}
    assert [] == given_by_systemd(environment, 2)
    assert {"PATH": "/bin"} == environment
    assert [] == given_by_systemd(environment, 2)


def test_systemd_that_says_no_number_is_refused():
    """What is not understood is not ignored."""
    with pytest.raises(GivenRefused, match="LISTEN_FDS is 'x'"):
        given_by_systemd({"LISTEN_PID": "2", "LISTEN_FDS": "x"}, 2)


def test_number_that_is_given_twice_is_refused(sockets: list[socket.socket]):
    """One socket is one listener."""
    fd = sockets[0].fileno()
    with pytest.raises(GivenRefused, match="twice"):
        given_by_number([fd, fd])
