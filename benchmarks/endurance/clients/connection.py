"""One client connection that is told what it got, byte for byte.

In: ``Connection``, for whole answers and tunnels, and ``Broken``, which says how it ended. Not in: what is asked
(``endurance.clients.visitors``).
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from dataclasses import dataclass
from typing import cast

_PATIENCE_S = 20.0


class Broken(Exception):
    """No whole answer; the message says what came instead. ``port``: the client's, 0 when there never was one."""

    def __init__(self, what: str, port: int) -> None:
        super().__init__(what)
        self.port = port


@dataclass(frozen=True, slots=True)
class Answer:
    """``is_last``: the gateway has said that it closes the connection."""

    status: int
    body: bytes
    is_last: bool


class Connection(asyncio.Protocol):
    """Connected to 127.0.0.1; made by ``connect``. One request at a time."""

    def __init__(self) -> None:
        self.opened_s = time.monotonic()
        self.port = 0
        #: Of the last answer, in lower case.
        self.head = b""
        self.is_open = False
        self._transport: asyncio.Transport
        self._data = bytearray()
        self._ended = ""
        self._arrival: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's are not derived from it
        self.is_open = True

    def connection_lost(self, exc: Exception | None) -> None:
        self._end("was reset" if exc is not None else "was closed")

    def eof_received(self) -> bool:
        self._end("was closed")
        return False

    def data_received(self, data: bytes) -> None:
        self._data += data
        self._wake()

    async def ask(self, request: bytes) -> Answer:
        """Send *request* and wait for the whole answer, which has a length. Raises: Broken."""
        self.write(request)
        self.head = fields = (await self._take_head()).lower()
        length = int(fields.partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        status = int(fields[9:12])
        body = b"" if status == 101 else await self.take(length, "inside the body")
        return Answer(status, body, b"connection: close" in fields)

    async def _take_head(self) -> bytes:
        while (end := self._data.find(b"\r\n\r\n")) < 0:
            await self._wait("inside the head" if self._data else "before an answer")
        head = bytes(self._data[: end + 2])
        del self._data[: end + 4]
        return head

    async def take(self, length: int, where: str) -> bytes:
        """The next *length* bytes. Raises: Broken: it ended *where*."""
        while len(self._data) < length:
            await self._wait(where)
        taken = bytes(self._data[:length])
        del self._data[:length]
        return taken

    def write(self, data: bytes) -> None:
        """Send *data*, unless the connection has ended."""
        if self.is_open:
            self._transport.write(data)

    def close(self) -> None:
        """End it in order."""
        self._transport.close()

    def abort(self) -> None:
        """End it at once."""
        self._transport.abort()

    async def _wait(self, where: str) -> None:
        if self._ended:
            raise Broken(f"{self._ended} {where}", self.port)
        self._arrival = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(_PATIENCE_S):
                await self._arrival
        except TimeoutError:
            raise Broken(f"silent for {_PATIENCE_S:g} s {where}", self.port) from None

    def _end(self, how: str) -> None:
        self.is_open = False
        self._ended = self._ended or how
        self._wake()

    def _wake(self) -> None:
        if self._arrival is not None and not self._arrival.done():
            self._arrival.set_result(None)


async def connect(port: int, tls: ssl.SSLContext | None = None) -> Connection:
    """A new connection. Raises: Broken: there is none to be had."""
    loop = asyncio.get_running_loop()
    began_s = time.monotonic()
    own = socket.socket()
    own.setblocking(False)
    own_port = 0
    name = "localhost" if tls is not None else None
    try:
        async with asyncio.timeout(_PATIENCE_S):
            await loop.sock_connect(own, ("127.0.0.1", port))
            own_port = own.getsockname()[1]
            _, made = await loop.create_connection(Connection, sock=own, ssl=tls, server_hostname=name)
    except OSError as exc:  # TimeoutError and SSLError are some, too
        own.close()
        stage = "inside the handshake" if own_port else "before it was connected"
        raise Broken(f"{type(exc).__name__} {stage}", own_port) from exc
    made.port, made.opened_s = own_port, began_s
    return made
