"""One connection of a scripted upstream: what it got, what it sent, how it ended.

In: ``UpstreamConnection``, ``End`` and ``Waiter``. Not in: the steps that act on it (``testing.steps``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import struct
from collections.abc import Callable
from enum import Enum

from vizgate.testing.recording import RecordedRequest, RequestLog

_READ_BYTES = 65536
_LINGER_RESET = struct.pack("ii", 1, 0)  # struct linger: on, zero seconds: close() sends RST


class End(Enum):
    """How a connection came to its end, as seen from this side."""

    OPEN = "open"
    FIN = "fin"
    RST = "rst"
    #: This side closed it first.
    LOCAL = "local"


class Waiter:
    """Lets many coroutines wait until something they look at is true."""

    def __init__(self) -> None:
        self._changed = asyncio.Event()

    def notify(self) -> None:
        """Have everyone who waits look again."""
        self._changed.set()
        self._changed = asyncio.Event()

    async def wait_for(self, condition: Callable[[], bool], timeout_s: float | None = None) -> None:
        """Wait until *condition* holds. Raises: TimeoutError: it did not within *timeout_s* seconds."""
        async with asyncio.timeout(timeout_s):
            while not condition():
                await self._changed.wait()


def set_reset_on_close(sock: socket.socket) -> None:
    """Have the coming ``close`` of *sock* send RST instead of FIN."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_RESET)


class UpstreamConnection:
    """One accepted connection; scripts act on it, tests look at it.

    ``received``: every byte so far. ``sent``: how many bytes the kernel took from this side. ``end``: how it ended.
    """

    def __init__(self, sock: socket.socket, changed: Waiter) -> None:
        self.received = bytearray()
        self.sent = 0
        self.end = End.OPEN
        self.may_read = asyncio.Event()
        self.may_read.set()
        self.requests_taken = 0
        self._sock = sock
        self._changed = changed
        self._tunnel_from: int | None = None
        self._log = RequestLog()

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests in ``received``, read leniently; bytes of a tunnel (after a 101) are not among them."""
        if self._tunnel_from is None:
            self._log.update(self.received)
        return list(self._log.requests)

    @property
    def tunnelled(self) -> bytes:
        """What came after this side sent a 101."""
        return b"" if self._tunnel_from is None else bytes(self.received[self._tunnel_from :])

    @property
    def is_open(self) -> bool:
        """Whether neither side has ended the connection."""
        return self.end is End.OPEN

    async def send(self, data: bytes) -> None:
        """Write all of *data*, waiting while the peer does not take it. Raises: ConnectionError: the peer is gone."""
        if self._tunnel_from is None and data.startswith(b"HTTP/1.1 101"):
            self._tunnel_from = self._end_of_requests()
            self._log.update(self.received[: self._tunnel_from])
        loop = asyncio.get_running_loop()
        view = memoryview(data)
        while view:
            piece = view[:_READ_BYTES]
            await loop.sock_sendall(self._sock, piece)
            self.sent += len(piece)
            view = view[len(piece) :]
            self._changed.notify()

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until *condition*, or raise ConnectionResetError when the peer has ended before."""
        await self._changed.wait_for(lambda: condition() or not self.is_open)
        if not condition():
            raise ConnectionResetError(f"the peer ended the connection ({self.end.value})")

    async def wait_end(self) -> End:
        """Wait until the connection has ended and say how."""
        await self._changed.wait_for(lambda: not self.is_open)
        return self.end

    async def read_forever(self) -> None:
        """Record what arrives until the peer ends; runs beside the script."""
        loop = asyncio.get_running_loop()
        end = End.FIN
        try:
            while await self.may_read.wait():
                data = await loop.sock_recv(self._sock, _READ_BYTES)
                if not data:
                    break
                self.received += data
                self._changed.notify()
        except OSError:
            end = End.RST
        self._finish(end)

    def send_eof(self) -> None:
        """Send FIN and go on reading."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def close(self, *, with_reset: bool = False) -> None:
        """End the connection from this side, by FIN or by RST."""
        if with_reset and self._sock.fileno() >= 0:
            set_reset_on_close(self._sock)
        elif self._sock.fileno() >= 0:
            self.send_eof()
        self._finish(End.LOCAL)

    def release(self) -> None:
        """Give the file descriptor back; only when nothing reads from it any more."""
        self._sock.close()

    def _finish(self, end: End) -> None:
        if self.is_open:
            self.end = end
        self._changed.notify()

    def _end_of_requests(self) -> int:
        """Where the request that is answered by a 101 ends; all behind it belongs to the tunnel."""
        end = re.search(rb"\r?\n\r?\n", self.received)
        return len(self.received) if end is None else end.end()

    def __repr__(self) -> str:
        return f"<UpstreamConnection [{len(self.received)} bytes in, {self.sent} out, {self.end.value}]>"
