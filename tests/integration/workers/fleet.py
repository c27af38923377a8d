"""A gateway of several workers as a program of its own, whose answers say which process gave them."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Sequence
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Self

from tests.integration.cli.program import PATIENCE_S, Program, get, wait_until

#: A user's own middleware, in a module beside the configuration.
_TELLTALE = '''
import os
from vizgate import Middleware, MiddlewareConfig

class Telltale(Middleware):
    """Says which process answers; ends it when it is asked to."""

    class Config(MiddlewareConfig):
        word: str = ""

    async def __call__(self, request, forward):
        if request.headers.get("X-Die"):
            os._exit(7)
        response = await forward(request)
        response.headers["X-Process"] = str(os.getpid())
        response.headers["X-Word"] = self.config.word
        return response

class Refusing(Telltale):
    """Does not start in one process of two."""

    async def start(self):
        folder = os.path.dirname(os.path.abspath(__file__))
        try:
            os.mkdir(os.path.join(folder, "first"))
        except FileExistsError:
            raise RuntimeError("the second one will not") from None
'''

CONFIG = """\
version: 1
server: {{listen: {listen}, admin: '127.0.0.1:0', workers: {workers}, public_endpoints: [metrics, health], {server}}}
services:
  echo: {{builtin: echo}}
  far: {{targets: {targets}, affinity: {{cookie: VZSID}}}}
routes:
  - {{match: {{path: /far}}, service: far, middleware: [{{use: "telltale:Telltale"}}]}}
  - {{match: {{path: /*}}, service: echo, middleware: [{{use: "telltale:{use}", word: "{word}"}}]}}
{more}
"""


def write_config(
    folder: Path,
    *,
    workers: int = 2,
    word: str = "first",
    use: str = "Telltale",
    more: str = "",
    listen: str = "'127.0.0.1:0'",
    server: str = "zone: here",
    targets: Sequence[str] = ("http://127.0.0.1:1", "http://127.0.0.2:1"),
) -> Path:
    """A configuration in *folder*, on free ports."""
    (folder / "telltale.py").write_text(_TELLTALE, "utf-8")
    path = folder / "vizgate.yaml"
    said = {"workers": workers, "word": word, "use": use, "more": more, "listen": listen, "server": server}
    path.write_text(CONFIG.format(**said, targets=list(targets)), "utf-8")
    return path


class FleetProgram(Program):
    """``vizgate serve`` with workers. ``pids``: of those that have told that they serve, by number."""

    port = 0
    admin_port = 0
    tls_port = 0

    def wait_ready(self) -> FleetProgram:
        """Return once everything about the start has been told."""
        self.port = self.wait_port()
        while "admin on" not in (line := self.wait_line("listening on|admin on").string):
            self.tls_port = int(line.rpartition(":")[2]) if "https:" in line else self.tls_port
        self.admin_port = int(line.partition(" (")[0].rpartition(":")[2])
        self.wait_line("event loop")
        return self

    @property
    def pids(self) -> dict[int, int]:
        """The present process of each worker."""
        found = (re.search(r"worker (\d+) serves \(process (\d+)\)", line) for line in self.lines)
        return {int(match[1]): int(match[2]) for match in found if match}

    def wait_worker(self) -> int:
        """The process of the next worker that serves."""
        return int(self.wait_line(r"worker \d+ serves \(process (\d+)\)")[1])

    def get(self, path: str = "/") -> tuple[int, bytes]:
        return get(self.port, path)

    def metrics(self) -> dict[str, float]:
        """Every number, by name and labels as they are written."""
        _, text = get(self.admin_port, "/metrics")
        rows = (line.rpartition(" ") for line in text.decode().splitlines() if not line.startswith("#"))
        return {name: float(value) for name, _, value in rows}


def is_alive(pid: int) -> bool:
    """Whether the process *pid* runs; one that has ended and was not looked after does not."""
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def wait_gone(pids: list[int]) -> None:
    """Return once none of *pids* runs."""
    wait_until(lambda: not any(is_alive(pid) for pid in pids))


def kill(pid: int, number: signal.Signals = signal.SIGKILL) -> None:
    os.kill(pid, number)


class Asker(threading.Thread):
    """Asks again and again on a connection of its own, and on a new one when that has ended, until told to stop.

    ``answers``: how many there were, by process. ``faults``: what went wrong.
    """

    def __init__(self, port: int) -> None:
        super().__init__()
        self.answers: dict[int, int] = {}
        self.faults: list[str] = []
        self.is_warm = threading.Event()
        self.is_over = threading.Event()
        self._port = port

    def run(self) -> None:
        while not self.is_over.is_set():
            connection = HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_S)
            try:
                self._use(connection)
            except (OSError, HTTPException) as exc:
                self.faults.append(repr(exc))
            finally:
                connection.close()

    def _use(self, connection: HTTPConnection) -> None:
        while not self.is_over.is_set():
            connection.request("GET", "/")
            response = connection.getresponse()
            response.read()
            pid = int(response.headers["X-Process"])
            self.answers[pid] = self.answers.get(pid, 0) + 1
            if sum(self.answers.values()) >= 5:
                self.is_warm.set()
            if response.will_close:
                return

    def end(self) -> None:
        self.is_over.set()
        self.join(PATIENCE_S)


class Askers:
    """*count* of them, for the time of a ``with``."""

    def __init__(self, port: int, count: int = 6) -> None:
        self.all = [Asker(port) for _ in range(count)]

    def __enter__(self) -> Self:
        for asker in self.all:
            asker.start()
        for asker in self.all:
            assert asker.is_warm.wait(PATIENCE_S)
        return self

    def __exit__(self, *exc: object) -> None:
        for asker in self.all:
            asker.is_over.set()
        for asker in self.all:
            asker.end()

    @property
    def faults(self) -> list[str]:
        return [fault for asker in self.all for fault in asker.faults]

    @property
    def processes(self) -> set[int]:
        return {pid for asker in self.all for pid in asker.answers}
