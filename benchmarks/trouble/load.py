"""A steady load: so many requests a second, whether answers come or not.

In: ``Load`` and what it saw. Not in: whom it asks.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field

_REQUEST = b"GET /x HTTP/1.1\r\nHost: a.example\r\n\r\n"
_TIMEOUT_S = 10.0


@dataclass
class Seen:
    """``statuses``: of whole answers. ``cut``: answers that had begun and broke off. ``lost``: no answer at all."""

    statuses: Counter[int] = field(default_factory=Counter)
    cut: int = 0
    lost: int = 0
    times_s: list[float] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.statuses.total() + self.cut + self.lost

    @property
    def failures(self) -> int:
        """Everything that is not 200, but for answers that broke off when the client had a part of them."""
        return self.total - self.statuses[200] - self.cut

    def quantile(self, share: float) -> float:
        times = sorted(self.times_s)
        return times[min(len(times) - 1, int(len(times) * share))] if times else 0.0


class _Client(asyncio.Protocol):
    """One kept connection."""

    def __init__(self) -> None:
        self.data = b""
        self.done: asyncio.Future[bool] | None = None
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's
        self.transport = None
        self._finish(False)

    def data_received(self, data: bytes) -> None:
        self.data += data
        head, end, body = self.data.partition(b"\r\n\r\n")
        if end:
            length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or b"0")
            if len(body) >= length:
                self._finish(True)

    def _finish(self, whole: bool) -> None:
        if self.done is not None and not self.done.done():
            self.done.set_result(whole)


class Load:
    """Asks 127.0.0.1:*port*."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._idle: list[_Client] = []

    async def run(self, rate: int, seconds: float) -> Seen:
        """*rate* requests a second for *seconds*."""
        seen = Seen()
        started_s = time.monotonic()
        tasks = set()
        for number in range(int(rate * seconds)):
            delay_s = started_s + number / rate - time.monotonic()
            if delay_s > 0:
                await asyncio.sleep(delay_s)
            task = asyncio.create_task(self._ask(seen))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
        if tasks:
            await asyncio.wait(list(tasks))
        return seen

    def close(self) -> None:
        """Close every connection."""
        for client in self._idle:
            if client.transport is not None:
                client.transport.close()
        self._idle.clear()

    async def _ask(self, seen: Seen) -> None:
        started_s = time.monotonic()
        loop = asyncio.get_running_loop()
        client = self._idle.pop() if self._idle else None
        if client is None or client.transport is None:
            _, client = await loop.create_connection(_Client, "127.0.0.1", self._port)
        client.data = b""
        client.done = loop.create_future()
        assert client.transport is not None
        client.transport.write(_REQUEST)
        try:
            whole = await asyncio.wait_for(client.done, _TIMEOUT_S)
        except TimeoutError:
            whole = False
        seen.times_s.append(time.monotonic() - started_s)
        if whole:
            seen.statuses[int(client.data[9:12])] += 1
        elif client.data.startswith(b"HTTP/1.1 "):
            seen.cut += 1
        else:
            seen.lost += 1
        if whole and client.transport is not None and b"connection: close" not in client.data.lower():
            self._idle.append(client)
        elif client.transport is not None:
            client.transport.close()
