"""The bulk of the load, by wrk: many requests whose bodies are checked, at full speed or with a pause.

In: ``Bulk``. Not in: clients that know each request's fate (``endurance.clients.visitors``).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from endurance.served.target import body_of
from sidebyside.programs import require_program

_SCRIPT = Path(__file__).with_suffix(".lua")
_PATH = "/plain/bulk/200"


@dataclass(frozen=True, slots=True)
class BulkResult:
    """What wrk counted. ``requests`` got an answer; the others are errors of connections by what wrk was doing.

    ``status``: answers over 399. ``wrong``: answers with 200 and another body.
    """

    requests: int
    connect: int
    read: int
    write: int
    timeout: int
    status: int
    wrong: int
    p99_ms: float

    @property
    def broken(self) -> int:
        """Connections that were refused or broke, and requests that were waited for in vain."""
        return self.connect + self.read + self.write + self.timeout


class Bulk:
    """A running wrk; made by ``open_bulk``."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Of wrk."""
        return self._process.pid

    def finish(self, timeout_s: float) -> BulkResult:
        """Wait for its end. Raises: RuntimeError: it could not run. subprocess.TimeoutExpired: it did not end."""
        text, _ = self._process.communicate(timeout=timeout_s)
        report = text.partition("bulk:")[2].partition("\n")[0]
        if not report:
            raise RuntimeError(f"wrk failed: {text}")
        return BulkResult(**json.loads(report))


@contextmanager
def open_bulk(port: int, connections: int, seconds: float, pause_ms: int = 0) -> Iterator[Bulk]:
    """wrk against 127.0.0.1:*port* for whole *seconds*, with *pause_ms* before each request of a connection."""
    command = [require_program("wrk"), "-t1", f"-c{connections}", f"-d{round(seconds)}s", "--timeout", "10s"]
    command += ["--latency", "-s", str(_SCRIPT), f"http://127.0.0.1:{port}{_PATH}"]
    env = {**os.environ, "EXPECTED": body_of(_PATH).decode(), "DELAY_MS": str(pause_ms)}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env)
    try:
        yield Bulk(process)
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
