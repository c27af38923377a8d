"""The rules of ``stop_handshakes``, on the kernel that runs the tests."""

from __future__ import annotations

import socket
import sys

import pytest

from vizgate.transport.arrival.syn_filter import stop_handshakes

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="a filter of Linux")
#: Far less than the second after which a client tries again.
SHORT_S = 0.1


@pytest.mark.parametrize(("family", "host"), [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")])
def test_stop_handshakes_lets_nobody_in_any_more(family: socket.AddressFamily, host: str):
    """Who has connected is accepted and heard; who comes later gets no answer while the socket is open."""
    with socket.create_server((host, 0), family=family) as listening:
        address = listening.getsockname()[:2]
        with socket.create_connection(address) as early:
            assert stop_handshakes(listening)
            with pytest.raises(TimeoutError):
                socket.create_connection(address, SHORT_S)
            early.sendall(b"hello")
            accepted, _ = listening.accept()
            with accepted:
                assert b"hello" == accepted.recv(100)


def test_stop_handshakes_leaves_other_sockets_alone():
    """A second listener, and connections that were accepted before, notice nothing."""
    with socket.create_server(("127.0.0.1", 0)) as stopped, socket.create_server(("127.0.0.1", 0)) as other:
        with socket.create_connection(stopped.getsockname()) as client:
            accepted, _ = stopped.accept()
            with accepted:
                assert stop_handshakes(stopped)
                client.sendall(b"hello")
                assert b"hello" == accepted.recv(100)
        socket.create_connection(other.getsockname(), SHORT_S).close()


def test_stop_handshakes_says_when_it_cannot():
    """A socket that is closed already cannot be stopped, and that is no error."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.close()
        assert not stop_handshakes(listening)
