"""Listening sockets that somebody else has opened: systemd, a supervisor, whoever started the program.

In: ``adopt_socket``. Not in: who gives them (``gateway.listening.given``).
"""

from __future__ import annotations

import os
import socket
import stat

from vizgate.errors import VizgateError


class UnfitSocket(VizgateError):
    """A descriptor that nobody can be accepted from; the message says what it is."""


def adopt_socket(fd: int) -> socket.socket:
    """The listening socket behind the descriptor *fd*, which is ours from now on.

    Raises: UnfitSocket: it is not open, no socket, of another type, or does not listen.
    """
    try:
        is_socket = stat.S_ISSOCK(os.fstat(fd).st_mode)
    except OSError as exc:
        raise UnfitSocket(f"descriptor {fd} is not open") from exc
    if not is_socket:
        raise UnfitSocket(f"descriptor {fd} is no socket")
    sock = socket.socket(fileno=fd)
    fault = _fault(sock)
    if fault:
        sock.detach()
        raise UnfitSocket(f"descriptor {fd} is {fault}")
    sock.settimeout(0)
    sock.set_inheritable(False)
    return sock


def _fault(sock: socket.socket) -> str:
    """Why nobody can be accepted from *sock*; "" when everything is right."""
    if sock.family not in (socket.AF_INET, socket.AF_INET6, socket.AF_UNIX):
        return "a socket of another family than IP and Unix"
    if sock.getsockopt(socket.SOL_SOCKET, socket.SO_TYPE) != socket.SOCK_STREAM:
        return "not a stream socket"
    if not sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
        return "not listening: it must be bound, and listen() called on it"
    return ""
