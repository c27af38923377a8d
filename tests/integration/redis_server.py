"""A real Redis for tests, and a program's Lua run in it.

In: ``RedisServer``, which may be killed and started again; ``LuaForm`` and ``check_forms``, which hold a program's two
forms against each other. Not in: the client under test (``vizgate.store.redis``).
"""

from __future__ import annotations

import math
import signal
import socket
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from tests.integration.installed import free_port, program
from vizgate.extension.store import Cells, Program, Step
from vizgate.store.redis.script import from_text, step_script, to_text

_PATIENCE_S = 10.0


@dataclass
class RedisServer:
    """A redis-server on loopback that keeps nothing on disk. Args: options: more of its settings."""

    folder: Path
    options: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def socket_path(self) -> Path:
        return self.folder / "redis.sock"

    def start(self) -> None:
        """Return once it answers."""
        command = [
            program("redis-server"), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.folder),
            "--unixsocket", str(self.socket_path), "--save", "", "--appendonly", "no", "--loglevel", "warning",
            *self.options,
        ]  # fmt: skip
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        for _ in range(1000):
            if self._answers():
                return
            try:
                self.process.wait(0.01)
            except subprocess.TimeoutExpired:
                continue
            break
        raise AssertionError("redis-server did not start")

    def _answers(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as sock:
                sock.settimeout(1.0)
                sock.connect(str(self.socket_path))
                sock.sendall(b"PING\r\n")
                # A server that wants a password answers, too.
                return sock.recv(100).startswith((b"+PONG", b"-NOAUTH"))
        except OSError:
            return False

    def kill(self) -> None:
        """End it as a crash does."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None
            self.socket_path.unlink(missing_ok=True)

    def pause(self) -> None:
        """Have it hang: connections stay, and nothing is answered."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Have it go on."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def ask(self, *words: str | bytes) -> str:
        """The answer to one command, as text."""
        with Asking(self.port) as asking:
            return asking.ask(*words)


class Asking:
    """A connection that waits for each answer. Answers that are arrays are not read."""

    def __init__(self, port: int) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE_S)
        self._file = self._socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
        self._socket.close()

    def ask(self, *words: str | bytes) -> str:
        parts = [word.encode() if isinstance(word, str) else word for word in words]
        framed = b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
        self._socket.sendall(b"*%d\r\n%b" % (len(parts), framed))
        line = self._file.readline().rstrip()
        kind, text = line[:1], line[1:].decode()
        if kind == b"$":
            return "" if text == "-1" else self._file.read(int(text) + 2)[:-2].decode()
        assert kind != b"-", text
        return text


class LuaForm:
    """Runs the Lua of programs in a real Redis, with the time that a test says."""

    def __init__(self, server: RedisServer) -> None:
        self._asking = Asking(server.port)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._asking.__exit__()

    def step(self, of: Program, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """As ``of.run``."""
        answer = self._asking.ask("EVAL", step_script(of), "0", to_text(cells), repr(now_s), to_text(arguments))
        kept, ttl, result = answer.split(";")
        return Step(from_text(kept), float(ttl), from_text(result))


def check_forms(of: Program, lua: LuaForm, sequence: list[tuple[float, Cells]]) -> list[Step]:
    """Run both forms of a program over *sequence* of (time, arguments), from an unknown key on; gives the steps.

    Cells expire as they do in a store, by the ttl of the step before. Raises: AssertionError: a step differs in cells,
    ttl or result.
    """
    cells: Cells = ()
    expires_s = -math.inf
    steps = []
    for now_s, arguments in sequence:
        seen = cells if now_s < expires_s else ()
        step = of.run(seen, now_s, arguments)
        assert_same(step, lua.step(of, seen, now_s, arguments), f"{of.name} of {seen} at {now_s!r} with {arguments}")
        cells, expires_s = step.cells, now_s + step.ttl_s
        steps.append(step)
    return steps


def assert_same(python: Step, lua: Step, where: str) -> None:
    """Every number of *lua* is that of *python*, up to the last bits; a key that is forgotten has no ttl to compare."""
    kept = bool(python.cells) and python.ttl_s > 0
    assert kept == (bool(lua.cells) and lua.ttl_s > 0), f"{where}: Python {python}, Lua {lua}"
    pairs = [(python.result, lua.result), *([(python.cells, lua.cells), ((python.ttl_s,), (lua.ttl_s,))] * kept)]
    for expected, actual in pairs:
        same = len(expected) == len(actual) and all(
            math.isclose(one, other, rel_tol=1e-12, abs_tol=1e-9) for one, other in zip(expected, actual, strict=True)
        )
        assert same, f"{where}: Python {python}, Lua {lua}"
