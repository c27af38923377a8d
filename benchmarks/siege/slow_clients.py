"""Thousands of clients that say nothing, or one byte at a time.

In: ``measure_slow_clients``. Not in: which proxies (``contenders``).
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from dataclasses import dataclass

from sidebyside.accounting import cpu_time_us, memory
from sidebyside.session import Running
from siege.contenders import HEAD_S
from siege.normal import Latency, measure_normal, start_normal

_DRIP_S = 0.5
_BEGINNING = b"GET /100b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: "
_PATIENCE_S = 3 * HEAD_S
#: Connections opened at a time, and the pause behind them.
_AT_ONCE = 50
_RAMP_S = 0.01


@dataclass(frozen=True, slots=True)
class SlowClients:
    """What was seen. Times in seconds since a connection was made; ``rss_growth`` in bytes, at its highest.

    ``control``: the upstream, asked directly while the siege went on, which tells what the besiegers cost the machine.
    """

    name: str
    silent: int
    dripping: int
    closed: int
    last_closed_s: float
    before: Latency
    during: Latency
    control: Latency
    rss_growth: int
    cpu_s: float


def measure_slow_clients(entry: Running, silent: int, dripping: int, upstream_port: int) -> SlowClients:
    """Open *silent* + *dripping* connections and keep them until the proxy has closed them, or three times as long."""
    before = measure_normal(entry.port, HEAD_S)
    base, cpu = memory(entry.process.pid).rss, cpu_time_us(entry.process.pid)
    lives, peak, during, control = asyncio.run(_besiege(entry, silent, dripping, upstream_port))
    cpu = cpu_time_us(entry.process.pid) - cpu
    closed = [life for life in lives if life]
    return SlowClients(
        entry.contender.name, silent, dripping, len(closed), max(closed, default=0.0), before, during,
        control, peak - base, cpu / 1e6,
    )  # fmt: skip


async def _besiege(
    entry: Running, silent: int, dripping: int, upstream_port: int
) -> tuple[list[float], int, Latency, Latency]:
    """How long each connection lived, the highest memory, and the latency from when all are there to their end, of
    the proxy and of the upstream.
    """
    tasks = []
    for number in range(silent + dripping):
        tasks.append(asyncio.create_task(_slow(entry.port, drips=number < dripping)))
        if number % _AT_ONCE == 0:
            await asyncio.sleep(_RAMP_S)
    finish, finish_control = start_normal(entry.port, HEAD_S), start_normal(upstream_port, HEAD_S)
    gathered = asyncio.gather(*tasks)
    peak = 0
    while not gathered.done():
        peak = max(peak, memory(entry.process.pid).rss)
        await asyncio.sleep(0.1)
    return await gathered, peak, await asyncio.to_thread(finish), await asyncio.to_thread(finish_control)


async def _slow(port: int, *, drips: bool) -> float:
    """How long the proxy let one slow client be; 0 when it never ended it."""
    loop = asyncio.get_running_loop()
    with socket.socket() as connection:
        connection.setblocking(False)
        await loop.sock_connect(connection, ("127.0.0.1", port))
        since_s = time.perf_counter()
        dripper = asyncio.create_task(_drip(connection)) if drips else None
        try:
            async with asyncio.timeout(_PATIENCE_S):
                with contextlib.suppress(OSError):
                    while await loop.sock_recv(connection, 4096):
                        pass
        except TimeoutError:
            return 0.0
        finally:
            if dripper is not None:
                dripper.cancel()
                await asyncio.gather(dripper, return_exceptions=True)
        return time.perf_counter() - since_s


async def _drip(connection: socket.socket) -> None:
    loop = asyncio.get_running_loop()
    await loop.sock_sendall(connection, _BEGINNING)
    while True:
        await asyncio.sleep(_DRIP_S)
        await loop.sock_sendall(connection, b"a")
