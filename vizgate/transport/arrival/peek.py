"""Reading a PROXY header off a socket, and not one byte of what follows it: that may be a TLS handshake.

In: ``read_source``, ``ProxyTerms``. Not in: the header's form (``wire.proxy_header``).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from vizgate.errors import VizgateError

_PEEK_BYTES = 1024


class UntrustedSender(VizgateError):
    """A peer whose PROXY header is not believed."""


class HeaderReader(Protocol):
    """See ``wire.proxy_header.ProxyHeaderReader``."""

    is_done: bool
    source: str | None

    def feed(self, data: bytes) -> int:
        """How many bytes of *data* belong to the header. Raises: ValueError: this will never be one."""
        ...


@dataclass(frozen=True, slots=True)
class ProxyTerms:
    """``is_believed``: whether the peer of this address may speak for others. ``new_reader``: for one header."""

    is_believed: Callable[[str], bool]
    new_reader: Callable[[], HeaderReader]


async def read_source(sock: socket.socket, peer: str, terms: ProxyTerms) -> str | None:
    """The client's address by the header that *sock* begins with; None when it says *peer* is the client.

    Raises: UntrustedSender: *peer* may not say so. ValueError: there is no header. OSError: the connection broke.
    """
    if not terms.is_believed(peer):
        raise UntrustedSender("not a trusted proxy")
    reader = terms.new_reader()
    while not reader.is_done:
        data = await _peek(sock)
        if not data:
            raise ConnectionResetError("the connection ended within the header")
        # These bytes lie in the socket, so they are there at once.
        sock.recv(reader.feed(data))
    return reader.source


async def _peek(sock: socket.socket) -> bytes:
    while True:
        try:
            return sock.recv(_PEEK_BYTES, socket.MSG_PEEK)
        except BlockingIOError:
            await _wait_readable(sock)


async def _wait_readable(sock: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    readable = loop.create_future()

    def tell() -> None:
        if not readable.done():
            readable.set_result(None)

    loop.add_reader(sock, tell)
    try:
        await readable
    finally:
        loop.remove_reader(sock)
