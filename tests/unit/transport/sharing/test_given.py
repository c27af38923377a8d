"""Sockets that somebody else has opened."""

from __future__ import annotations

import os
import socket

import pytest

from vizgate.transport.sharing.given import UnfitSocket, adopt_socket


def test_listening_socket_is_adopted():
    """A listening stream socket is ours then, and does not go on to programs that we start."""
    with socket.create_server(("127.0.0.1", 0)) as given:
        fd = os.dup(given.fileno())
        os.set_inheritable(fd, True)
        with adopt_socket(fd) as adopted:
            assert given.getsockname() == adopted.getsockname()
            assert not adopted.get_inheritable()
            assert 0 == adopted.gettimeout()


@pytest.mark.parametrize(
    ("family", "kind", "fault"),
    [
        (socket.AF_INET, socket.SOCK_STREAM, "not listening"),
        (socket.AF_INET, socket.SOCK_DGRAM, "not a stream socket"),
        (socket.AF_NETLINK, socket.SOCK_RAW, "another family"),
    ],
)
def test_other_socket_is_refused_and_stays_open(family: int, kind: int, fault: str):
    """What is wrong is said; the descriptor is still whose it was."""
    with socket.socket(family, kind) as sock:
        with pytest.raises(UnfitSocket, match=fault):
            adopt_socket(sock.fileno())
        assert sock.fileno() == os.dup2(sock.fileno(), sock.fileno())


def test_what_is_no_socket_is_refused():
    """A file, or nothing at all, is told as such."""
    read, write = os.pipe()
    with pytest.raises(UnfitSocket, match="no socket"):
        adopt_socket(read)
    os.close(read)
    os.close(write)
    with pytest.raises(UnfitSocket, match="not open"):
        adopt_socket(read)
