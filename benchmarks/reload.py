"""How long a reload takes, and what it does to the requests meanwhile.

    python benchmarks/reload.py [ROUTES ...]

A gateway of its own process serves ROUTES routes to a client that sends at a steady rate, whatever the answers do, so
that a stop of the loop shows in every request that it holds up. Then it is told to reload, several times.
"""

from __future__ import annotations

import asyncio
import re
import signal
import sys
import tempfile
import time
from pathlib import Path

RATE = 400  # requests per second
CONNECTIONS = 8
QUIET_S = 2.0
RELOADS = 3
_REQUEST = b"GET /r7/1 HTTP/1.1\r\nHost: a\r\n\r\n"


def config(routes: int) -> str:
    lines = ["server: {listen: 127.0.0.1:0, admin: 'off'}", "observe: {access_log: {format: 'off'}}", "routes:"]
    lines += [f"- {{match: {{path: '/r{n}/{{id}}'}}, respond: {{text: ok}}}}" for n in range(routes)]
    return "\n".join(lines) + "\n"


class Client:
    """Sends at ``RATE`` over ``CONNECTIONS`` kept connections; remembers when each request was due and how long after
    that its answer came.
    """

    def __init__(self, port: int) -> None:
        self._port = port
        self.taken: list[tuple[float, float]] = []
        self.failed = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for number in range(CONNECTIONS):
                group.create_task(self._connection(number))

    async def _connection(self, number: int) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        due_s = time.perf_counter() + number / RATE
        while True:
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            writer.write(_REQUEST)
            head = await reader.readuntil(b"\r\n\r\n")
            await reader.readexactly(int(re.search(rb"Content-Length: (\d+)", head)[1]))
            self.failed += not head.startswith(b"HTTP/1.1 200")
            self.taken.append((due_s, time.perf_counter() - due_s))
            due_s += CONNECTIONS / RATE

    def between(self, from_s: float, to_s: float) -> str:
        took = sorted(took for due, took in self.taken if from_s <= due < to_s)
        if not took:
            return "no requests"
        p50, p99 = (took[min(len(took) - 1, int(share * len(took)))] * 1000 for share in (0.5, 0.99))
        return f"n={len(took)} p50 {p50:.1f} p99 {p99:.1f} max {took[-1] * 1000:.1f} ms"


async def measure(routes: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "vizgate.yaml"
        file.write_text(config(routes))
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "vizgate", "serve", str(file), stderr=asyncio.subprocess.PIPE
        )
        try:
            await _reloads(process, routes, file.stat().st_size)
        finally:
            process.terminate()
            await process.wait()


async def _reloads(process: asyncio.subprocess.Process, routes: int, size: int) -> None:
    port = int((await _line(process, r"listening on http://127\.0\.0\.1:(\d+)"))[1])
    await _line(process, "event loop")
    client = Client(port)
    running = asyncio.create_task(client.run())
    await asyncio.sleep(QUIET_S)
    print(f"{routes} routes ({size / 1024:.0f} KiB): quiet: {client.between(0, time.perf_counter())}")
    for _ in range(RELOADS):
        began_s = time.perf_counter()
        process.send_signal(signal.SIGHUP)
        await _line(process, "was reloaded")
        ended_s = time.perf_counter()
        await asyncio.sleep(0.5)
        print(f"  reload in {(ended_s - began_s) * 1000:.0f} ms: {client.between(began_s, ended_s + 0.1)}")
    print(f"  failed: {client.failed}")
    running.cancel()


async def _line(process: asyncio.subprocess.Process, pattern: str) -> re.Match[str]:
    while line := (await process.stderr.readline()).decode():
        if found := re.search(pattern, line):
            return found
    raise SystemExit("the gateway has ended")


if __name__ == "__main__":
    for count in [int(word) for word in sys.argv[1:]] or [10, 1000, 10_000]:
        asyncio.run(measure(count))
