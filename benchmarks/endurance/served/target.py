"""Targets whose answers can be told from every other answer, in a process of their own.

In: what a target answers, and ``Targets``, which starts, flaps and stops them. Not in: who asks
(``endurance.clients``).

``GET /TOKEN/N`` is answered with N bytes of the token, ``PUT`` with the body that came, a path with ``/slow/`` after a
while, and an upgrade with 101 and then every byte that comes. `python -m endurance.served.target PORT ...` reads
`up N` and `down N` line by line.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

import uvloop

from sidebyside.site import BENCHMARKS

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 1.3
_SLOW_S = 0.2


def body_of(path: str) -> bytes:
    """What the target answers to ``GET`` of */TOKEN/N*."""
    _, token, length = path.rsplit("/", 2)
    wanted = int(length)
    return (f"{token}." * (wanted // (len(token) + 1) + 1)).encode()[:wanted]


class Targets:
    """Running targets; made by ``open_targets``."""

    def __init__(self, process: subprocess.Popen[str], ports: list[int]) -> None:
        self.urls = [f"http://127.0.0.1:{port}" for port in ports]
        self._process = process

    def down(self, number: int) -> None:
        """Stop listening and reset every connection of a target."""
        self._tell(f"down {number}")

    def up(self, number: int) -> None:
        """Listen again."""
        self._tell(f"up {number}")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(line, file=self._process.stdin, flush=True)
        self._process.stdout.readline()


@contextmanager
def open_targets(ports: list[int]) -> Iterator[Targets]:
    """Targets on *ports* of 127.0.0.1, meanwhile."""
    command = [sys.executable, "-m", "endurance.served.target", *map(str, ports)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=BENCHMARKS, start_new_session=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        if process.stdout.readline() != "ready\n":
            raise RuntimeError("the targets did not start")
        yield Targets(process, ports)
        process.stdin.close()  # which ends it


class _Listening:
    """One target, in its own process."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._server: asyncio.Server | None = None
        self.connections: set[_Connection] = set()

    async def up(self) -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port, backlog=1024)

    async def down(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None
        for connection in list(self.connections):
            connection.transport.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, target: _Listening) -> None:
        self._target = target
        self._data = b""
        self._is_tunnel = False
        self.transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's are not derived from it
        self._target.connections.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self._target.connections.discard(self)

    def data_received(self, data: bytes) -> None:
        if self._is_tunnel:
            self.transport.write(data)
            return
        self._data += data
        while not self._is_tunnel and self._take_request():
            pass

    def _take_request(self) -> bool:
        head, end, rest = self._data.partition(b"\r\n\r\n")
        if not end:
            return False
        line, _, fields = head.partition(b"\r\n")
        fields = fields.lower() + b"\r\n"
        length = int(fields.partition(b"content-length: ")[2].partition(b"\r\n")[0] or b"0")
        if len(rest) < length:
            return False
        self._data = rest[length:]
        self._answer(line.split(b" "), head, rest[:length])
        return True

    def _answer(self, line: list[bytes], head: bytes, body: bytes) -> None:
        if b"upgrade: websocket" in head.lower():
            self._is_tunnel = True
            self.transport.write(_switched(head))
            self.transport.write(self._data)
        elif line[0] == b"PUT":
            self._say(body)
        elif b"/slow/" in line[1]:
            asyncio.get_running_loop().call_later(_SLOW_S, self._say, body_of(line[1].decode()))
        else:
            self._say(body_of(line[1].decode()))

    def _say(self, body: bytes) -> None:
        if not self.transport.is_closing():
            kept = b"Cache-Control: max-age=1\r\n" if len(body) % 2 else b""
            self.transport.write(b"HTTP/1.1 200 OK\r\n%bContent-Length: %d\r\n\r\n%b" % (kept, len(body), body))


def _switched(head: bytes) -> bytes:
    key = head.lower().partition(b"sec-websocket-key: ")
    at = len(key[0]) + len(key[1])
    asked = head[at:].partition(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(asked + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        b"Sec-WebSocket-Accept: %b\r\n\r\n" % accept
    )


async def _serve(ports: list[int]) -> None:
    targets = [_Listening(port) for port in ports]
    for target in targets:
        await target.up()
    print("ready", flush=True)
    while line := await asyncio.to_thread(sys.stdin.readline):
        word, _, number = line.partition(" ")
        await getattr(targets[int(number)], word)()
        print("done", flush=True)


if __name__ == "__main__":
    uvloop.run(_serve([int(port) for port in sys.argv[1:]]))
