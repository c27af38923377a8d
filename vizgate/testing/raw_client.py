"""A client that sends any bytes and reads answers strictly, telling FIN from RST.

In: ``RawClient``, ``RawResponse`` and ``parse_response``, which refuses what RFC 9112 does not allow a server to send.
Not in: lenient reading of requests (``testing.recording``).
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from vizgate.errors import VizgateError
from vizgate.message.headers import Field
from vizgate.testing.upstream_connection import End, set_reset_on_close

_READ_BYTES = 65536
_TURNS_BETWEEN_PIECES = 4
_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_STATUS_LINE = re.compile(rb"HTTP/1\.([01]) ([1-9][0-9]{2}) ([\t\x20-\x7e\x80-\xff]*)\r\n")
_FIELD_LINE = re.compile(rb"(%s):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*\r\n" % _TOKEN)
_SIZE_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;[\t\x20-\x7e\x80-\xff]*)?\r\n")


class MalformedResponse(VizgateError):
    """The server sent bytes that are not a valid HTTP/1.1 response."""


class ConnectionEnded(VizgateError):
    """The connection ended, or nothing more came in time, before the response was whole.

    ``end``: how; ``OPEN`` when it was only too slow. ``data``: the bytes that had come of the response.
    """

    def __init__(self, end: End, data: bytes) -> None:
        super().__init__(f"connection is {end.value} after {data[:200]!r}")
        self.end = end
        self.data = data


@dataclass(frozen=True, slots=True)
class RawResponse:
    """One whole response. ``interim``: the status codes of the 1xx responses before it."""

    minor: int
    status: int
    reason: bytes
    fields: tuple[Field, ...]
    body: bytes = b""
    trailers: tuple[Field, ...] = ()
    interim: tuple[int, ...] = ()

    def get_all(self, name: bytes) -> list[bytes]:
        """The value of every line of *name*, compared without case."""
        key = name.lower()
        return [value for found, value in self.fields if found.lower() == key]

    def get(self, name: bytes) -> bytes | None:
        """The first value of *name*, or None."""
        values = self.get_all(name)
        return values[0] if values else None

    @property
    def says_close(self) -> bool:
        """Whether the server announces that it will close (RFC 9112 9.6)."""
        options = b",".join(self.get_all(b"connection")).lower()
        return b"close" in [option.strip() for option in options.split(b",")]


def parse_response(data: bytes, method: str, *, has_ended: bool) -> tuple[RawResponse, int] | None:
    """The final response at the start of *data* and its size in bytes, or None while it is incomplete.

    Args: method: of the request. has_ended: no more bytes will come, which ends a body without length.
    Raises: MalformedResponse: no completion could make these bytes a valid response.
    """
    interim: list[int] = []
    position = 0
    while True:
        parsed = _parse_head(data, position)
        if parsed is None:
            return None
        head, position = parsed
        if head.status == 101 or head.status >= 200:
            break
        if head.get(b"content-length") is not None or head.get(b"transfer-encoding") is not None:
            raise MalformedResponse(f"{head.status} with framing fields")  # RFC 9110 8.6, RFC 9112 6.1
        interim.append(head.status)
    body = _parse_body(data, position, head, method, has_ended=has_ended)
    if body is None:
        return None
    content, trailers, end = body
    return RawResponse(head.minor, head.status, head.reason, head.fields, content, trailers, tuple(interim)), end


def _parse_head(data: bytes, position: int) -> tuple[RawResponse, int] | None:
    if b"\n" not in data[position:]:
        _check_prefix(data[position : position + 9])
        return None
    line = _STATUS_LINE.match(data, position)
    if line is None:
        raise MalformedResponse(f"status line {data[position : position + 80]!r}")
    fields, end = _parse_fields(data, line.end())
    if end is None:
        return None
    return RawResponse(int(line[1]), int(line[2]), line[3], fields), end


def _check_prefix(start: bytes) -> None:
    if not (b"HTTP/1.1 ".startswith(start) or b"HTTP/1.0 ".startswith(start)):
        raise MalformedResponse(f"does not start like a response: {start!r}")


def _parse_fields(data: bytes, position: int) -> tuple[tuple[Field, ...], int | None]:
    fields: list[Field] = []
    while not data.startswith(b"\r\n", position):
        if b"\n" not in data[position:]:
            return (), None
        line = _FIELD_LINE.match(data, position)
        if line is None:
            raise MalformedResponse(f"field line {data[position : position + 80]!r}")
        fields.append((line[1], line[2]))
        position = line.end()
    return tuple(fields), position + 2


_Body = tuple[bytes, tuple[Field, ...], int]


def _parse_body(data: bytes, start: int, head: RawResponse, method: str, *, has_ended: bool) -> _Body | None:
    lengths, codings = head.get_all(b"content-length"), head.get_all(b"transfer-encoding")
    if lengths and codings:
        raise MalformedResponse("both Transfer-Encoding and Content-Length")
    if head.status in (101, 204) and (lengths or codings):
        raise MalformedResponse(f"{head.status} with framing fields")
    if method == "HEAD" or head.status in (101, 204, 304):
        return b"", (), start
    if codings:
        if codings != [b"chunked"]:
            raise MalformedResponse(f"Transfer-Encoding {codings!r}")
        return _parse_chunks(data, start)
    if not lengths:
        return (data[start:], (), len(data)) if has_ended else None
    if len(lengths) > 1 or re.fullmatch(rb"[0-9]{1,18}", lengths[0]) is None:
        raise MalformedResponse(f"Content-Length {lengths!r}")
    end = start + int(lengths[0])
    return None if len(data) < end else (data[start:end], (), end)


def _parse_chunks(data: bytes, position: int) -> _Body | None:
    body = bytearray()
    while True:
        if data.find(b"\n", position) < 0:
            return None
        line = _SIZE_LINE.match(data, position)
        if line is None:
            raise MalformedResponse(f"chunk-size line {data[position : position + 40]!r}")
        size, position = int(line[1], 16), line.end()
        if size == 0:
            trailers, end = _parse_fields(data, position) if data[position:] else ((), None)
            return None if end is None else (bytes(body), trailers, end)
        if len(data) < position + size + 2:
            return None
        body += data[position : position + size]
        position += size + 2
        if data[position - 2 : position] != b"\r\n":
            raise MalformedResponse(f"chunk data ends with {data[position - 2 : position]!r}")


class RawClient:
    """One connection to a server; an async context manager that connects and closes.

    Args: timeout_s: longest wait of every single read. receive_buffer: size of the kernel's receive buffer in bytes,
    0 for its default.
    """

    def __init__(self, host: str, port: int, *, timeout_s: float = 5.0, receive_buffer: int = 0) -> None:
        self.end = End.OPEN
        #: Received and not yet taken by ``read_response``.
        self.buffer = bytearray()
        self._address = (host, port)
        self._timeout_s = timeout_s
        self._sock = socket.socket()
        self._sock.settimeout(0)
        if receive_buffer:
            self._sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

    async def __aenter__(self) -> Self:
        self._sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(self._sock, self._address)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._sock.close()

    @property
    def local_port(self) -> int:
        """The port of this end, as the server's log would show it."""
        return int(self._sock.getsockname()[1])

    async def send(self, *pieces: bytes) -> None:
        """Send *pieces* so that they arrive apart; what a server that has closed does not take is dropped."""
        loop = asyncio.get_running_loop()
        for number, piece in enumerate(pieces):
            for _ in range(_TURNS_BETWEEN_PIECES if number else 0):
                await asyncio.sleep(0)
            with contextlib.suppress(ConnectionError):
                await loop.sock_sendall(self._sock, piece)

    def send_eof(self) -> None:
        """Send FIN and go on reading."""
        with contextlib.suppress(OSError):
            self._sock.shutdown(socket.SHUT_WR)

    def close(self) -> None:
        """Close as a program that exits would: FIN, or RST when something was left unread."""
        self._sock.close()

    def reset(self) -> None:
        """Send RST."""
        set_reset_on_close(self._sock)
        self._sock.close()

    async def receive(self) -> bytes:
        """The next bytes, ``b""`` at the end (see ``end``). Raises: ConnectionEnded: nothing came in time."""
        try:
            async with asyncio.timeout(self._timeout_s):
                data = await asyncio.get_running_loop().sock_recv(self._sock, _READ_BYTES)
        except TimeoutError as error:
            raise ConnectionEnded(End.OPEN, bytes(self.buffer)) from error
        except ConnectionError:
            self.end = End.RST
            return b""
        if not data:
            self.end = End.FIN
        return data

    async def read_response(self, method: str = "GET") -> RawResponse:
        """The next final response, strictly read.

        Args: method: of the request it answers.
        Raises: MalformedResponse: it is none. ConnectionEnded: the connection ended inside it, or it was too slow.
        """
        while True:
            parsed = parse_response(bytes(self.buffer), method, has_ended=self.end is End.FIN)
            if parsed is not None:
                response, size = parsed
                del self.buffer[:size]
                return response
            if self.end is not End.OPEN:
                raise ConnectionEnded(self.end, bytes(self.buffer))
            self.buffer += await self.receive()

    async def read_until(self, mark: bytes) -> bytes:
        """Everything up to and including *mark*. Raises: ConnectionEnded: it did not come."""
        while (found := self.buffer.find(mark)) < 0:
            if self.end is not End.OPEN:
                raise ConnectionEnded(self.end, bytes(self.buffer))
            self.buffer += await self.receive()
        data = bytes(self.buffer[: found + len(mark)])
        del self.buffer[: found + len(mark)]
        return data

    async def read_to_end(self) -> bytes:
        """Everything until the server ends the connection. Raises: ConnectionEnded: it stays open, silent."""
        while self.end is End.OPEN:
            self.buffer += await self.receive()
        data = bytes(self.buffer)
        self.buffer.clear()
        return data

    def __repr__(self) -> str:
        return f"<RawClient {self._address[0]}:{self._address[1]} [{self.end.value}]>"
