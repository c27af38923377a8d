"""A light, steady load from a process of its own, whose latency tells what everybody else notices.

In: ``NormalLoad``. Not in: who disturbs it.
"""

from __future__ import annotations

import multiprocessing
import socket
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection

_REQUEST = b"GET /100b HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
_EVERY_S = 0.005
_CONTEXT = multiprocessing.get_context("spawn")  # nothing of the parent's sockets


@dataclass(frozen=True, slots=True)
class Latency:
    """Milliseconds of requests that were due at fixed times, waiting for the connection included."""

    p50_ms: float
    p99_ms: float
    failed: int
    requests: int


def measure_normal(port: int, seconds: float) -> Latency:
    """Send 200 requests per second for *seconds* over one kept connection."""
    return start_normal(port, seconds)()


def start_normal(port: int, seconds: float):
    """As ``measure_normal``, begun; call what it returns for the result."""
    receiver, sender = _CONTEXT.Pipe(duplex=False)
    process = _CONTEXT.Process(target=_run, args=(port, seconds, sender))
    process.start()

    def finish() -> Latency:
        latency = receiver.recv()
        process.join()
        return latency

    return finish


def _run(port: int, seconds: float, result: Connection) -> None:
    times: list[float] = []
    failed = 0
    connection: socket.socket | None = None
    due_s = time.perf_counter()
    for _ in range(int(seconds / _EVERY_S)):
        due_s += _EVERY_S
        time.sleep(max(0.0, due_s - time.perf_counter()))
        try:
            if connection is None:
                connection = socket.create_connection(("127.0.0.1", port), 5)
            connection.sendall(_REQUEST)
            answer = b""
            while len(answer.partition(b"\r\n\r\n")[2]) < 100:
                data = connection.recv(65536)
                if not data:
                    raise ConnectionResetError
                answer += data
        except OSError:
            failed += 1
            connection = None
        else:
            times.append(time.perf_counter() - due_s)
    times.sort()
    share = [times[int(len(times) * part)] * 1e3 for part in (0.5, 0.99)] if times else [0.0, 0.0]
    result.send(Latency(*share, failed, len(times) + failed))
