"""A target that answers, or misbehaves in one way.

In: ``Target``. Not in: who asks it (``trouble.load``).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Callable

_BODY = b"x" * 200
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 200\r\n\r\n"
_LONG_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 20000\r\n\r\n"
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # struct linger: on, zero seconds
_FLAP_S = 1.0


class Target:
    """Listens on a loopback port; ``fault`` is "" or a name of ``FAULTS``."""

    def __init__(self) -> None:
        self.port = 0
        self.fault = ""
        self.connections: set[_Connection] = set()
        self._server: asyncio.Server | None = None
        self._flapping: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Listen; the port stays the same from the first time on."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def stop(self) -> None:
        """Listen no more and drop every connection."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.reset()

    async def misbehave(self, fault: str) -> None:
        """Be as *fault* says from now on; "" is well."""
        if self._flapping is not None:
            self._flapping.cancel()
            self._flapping = None
        self.fault = fault
        for connection in list(self.connections):
            connection.reset()
        if fault == "refuses":
            self.stop()
        else:
            await self.start()
        if fault == "flaps every second":
            self._flapping = asyncio.create_task(self._flap())

    async def _flap(self) -> None:
        while True:
            self.stop()
            await asyncio.sleep(_FLAP_S)
            await self.start()
            await asyncio.sleep(_FLAP_S)


class _Connection(asyncio.Protocol):
    def __init__(self, target: Target) -> None:
        self._target = target
        self._data = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._target.connections.add(self)
        if self._target.fault == "half-closes":
            transport.write_eof()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self._target.connections.discard(self)
        self._transport = None

    def data_received(self, data: bytes) -> None:
        self._data += data
        while b"\r\n\r\n" in self._data:
            _, _, self._data = self._data.partition(b"\r\n\r\n")
            FAULTS.get(self._target.fault, _Connection.answer)(self)

    def answer(self) -> None:
        self.write(_HEAD + _BODY)

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    def reset(self) -> None:
        if self._transport is not None:
            sock = self._transport.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
            self._transport.abort()

    def say_nothing(self) -> None:
        pass

    def reset_inside_head(self) -> None:
        self.write(_HEAD[:30])
        asyncio.get_running_loop().call_later(0.002, self.reset)

    def reset_inside_body(self) -> None:
        self.write(_LONG_HEAD + _BODY)
        asyncio.get_running_loop().call_later(0.002, self.reset)

    def garbage(self) -> None:
        self.write(b"\x16\x03\x01\x02 no HTTP at all\r\n\r\n")

    def endless_head(self) -> None:
        self.write(b"HTTP/1.1 200 OK\r\n")
        self._more(b"X-More: " + b"x" * 1000 + b"\r\n", 0.001)

    def drip(self) -> None:
        self._more(b"H", 1.0)

    def _more(self, data: bytes, every_s: float) -> None:
        if self._transport is not None:
            self.write(data)
            asyncio.get_running_loop().call_later(every_s, self._more, data, every_s)


#: What a target does with each request instead of answering it; those without an entry answer while they listen.
FAULTS: dict[str, Callable[[_Connection], None]] = {
    "refuses": _Connection.answer,
    "black-holes": _Connection.say_nothing,
    "resets before the head": _Connection.reset,
    "resets inside the head": _Connection.reset_inside_head,
    "resets inside the body": _Connection.reset_inside_body,
    "answers garbage": _Connection.garbage,
    "answers an endless head": _Connection.endless_head,
    "answers a byte a second": _Connection.drip,
    "half-closes": _Connection.say_nothing,
    "flaps every second": _Connection.answer,
}
