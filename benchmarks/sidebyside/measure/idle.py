"""What an idle keep-alive connection costs in memory.

In: opening many connections, one request on each, and reading the contender's memory. Not in: kernel memory of the
sockets, which no process is charged for.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator

from sidebyside.accounting import memory
from sidebyside.report.results import IdleResult
from sidebyside.session import Running
from sidebyside.upstream import body_of

_PATH = "/100b"
_BODY = body_of(_PATH)
_REQUEST = f"GET {_PATH} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n\r\n".encode()
#: Connections opened at a time: enough to hide latency, too few to make the contender's upstream pool grow.
_OPENERS = 32
_PER_SOURCE = 5000  # each loopback address has about 28,000 client ports; finding one gets slow as they fill up
_IP_BIND_ADDRESS_NO_PORT = 24  # ip(7); Python 3.11 has no name for it
_TIME_LIMIT_S = 60.0
_WARM_UP = 200
_SETTLE_S = 1.0


def measure_idle(entry: Running, wanted: int) -> IdleResult:
    """Open *wanted* connections, at most for a minute, and compare memory before and after."""
    return asyncio.run(_measure(entry, wanted))


async def _measure(entry: Running, wanted: int) -> IdleResult:
    warm = await _open_many(entry.port, _WARM_UP)
    _close(warm)
    await asyncio.sleep(_SETTLE_S)
    before = memory(entry.process.pid).pss
    opened = await _open_many(entry.port, wanted)
    try:
        await asyncio.sleep(_SETTLE_S)
        after = memory(entry.process.pid).pss
        alive = sum(1 for connection in opened if _is_open(connection))
    finally:
        _close(opened)
    return IdleResult(entry.contender.name, wanted, len(opened), alive, before, after)


async def _open_many(port: int, wanted: int) -> list[socket.socket]:
    """Connections that have had one whole answer each; fewer than *wanted* when some fail or time runs out."""
    opened: list[socket.socket] = []
    numbers = iter(range(wanted))
    deadline_s = time.monotonic() + _TIME_LIMIT_S
    await asyncio.gather(*(_opener(port, numbers, opened, deadline_s) for _ in range(_OPENERS)))
    return opened


async def _opener(port: int, numbers: Iterator[int], opened: list[socket.socket], deadline_s: float) -> None:
    for number in numbers:
        remaining_s = deadline_s - time.monotonic()
        if remaining_s <= 0:
            return
        connection = socket.socket()
        connection.setblocking(False)
        try:
            # Else bind() picks the port, from ever fewer that no connection of ours uses; connect() picks it quickly.
            connection.setsockopt(socket.IPPROTO_IP, _IP_BIND_ADDRESS_NO_PORT, 1)
            connection.bind((f"127.0.0.{2 + number // _PER_SOURCE}", 0))
            await asyncio.wait_for(_exchange(connection, port), remaining_s)
        except (OSError, EOFError, TimeoutError):
            connection.close()
        else:
            opened.append(connection)


async def _exchange(connection: socket.socket, port: int) -> None:
    """Send one request and read its answer. Raises: EOFError: the contender closed the connection."""
    loop = asyncio.get_running_loop()
    await loop.sock_connect(connection, ("127.0.0.1", port))
    await loop.sock_sendall(connection, _REQUEST)
    received = b""
    while not _is_complete(received):
        data = await loop.sock_recv(connection, 65536)
        if not data:
            raise EOFError
        received += data


def _is_complete(received: bytes) -> bool:
    head, _, rest = received.partition(b"\r\n\r\n")
    if b"transfer-encoding: chunked" in head.lower():
        return rest.endswith(b"0\r\n\r\n")
    return rest == _BODY


def _is_open(connection: socket.socket) -> bool:
    """Whether the peer has neither closed the connection nor sent anything unasked."""
    try:
        connection.recv(1, socket.MSG_PEEK)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def _close(connections: list[socket.socket]) -> None:
    for connection in connections:
        connection.close()
