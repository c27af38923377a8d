"""``vizgate`` as a process of its own, over real sockets. Nothing here waits for time to pass, only for events."""

from __future__ import annotations

import os
import queue
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self

#: Seconds after which something that should happen is given up.
PATIENCE_S = 30.0


class Program:
    """A running ``python -m vizgate``; its standard error is read line by line, its standard output goes to a file.

    Args: prefix: what runs it. options: more of those of ``subprocess.Popen``.
    """

    def __init__(self, arguments: list[str], folder: Path, prefix: Sequence[str] = (), **options: Any) -> None:
        self.folder = folder
        self.stdout = folder / "stdout"
        with self.stdout.open("wb") as out:
            self.process = subprocess.Popen(
                [*prefix, sys.executable, "-m", "vizgate", *arguments],
                cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.PIPE, text=True,
                env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), **options.pop("env", {})},
                **options,
            )  # fmt: skip
        self.lines: list[str] = []
        self._queue: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def wait_line(self, pattern: str) -> re.Match[str]:
        """The match of the next line in which *pattern* is found."""
        while (line := self._queue.get(timeout=PATIENCE_S)) is not None:
            self.lines.append(line)
            found = re.search(pattern, line)
            if found is not None:
                return found
        raise AssertionError(f"no line with {pattern!r} in {self.lines}")

    def wait_port(self) -> int:
        """The port of the next address that is told."""
        return int(self.wait_line(r"listening on http://127\.0\.0\.1:(\d+)")[1])

    def wait_serving(self) -> int:
        """The port, once everything about the start has been told."""
        port = self.wait_port()
        self.wait_line("event loop")
        return port

    def signal(self, number: signal.Signals) -> None:
        self.process.send_signal(number)

    def wait_end(self) -> tuple[int, list[str]]:
        """The exit code, and the lines that have not been waited for."""
        code = self.process.wait(PATIENCE_S)
        rest = []
        while (line := self._queue.get(timeout=PATIENCE_S)) is not None:
            rest.append(line)
        return code, rest

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE_S)
        self._reader.join(PATIENCE_S)
        assert self.process.stderr is not None
        self.process.stderr.close()


class SlowUpstream:
    """A server that answers a request when it is told to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(PATIENCE_S)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._connection: socket.socket | None = None

    def wait_request(self) -> bytes:
        """The head of the next request."""
        self._connection, _ = self._listener.accept()
        self._connection.settimeout(PATIENCE_S)
        head = b""
        while b"\r\n\r\n" not in head:
            head += self._connection.recv(65536)
        return head

    def answer(self, body: bytes = b"done") -> None:
        assert self._connection is not None
        self._connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    def close(self) -> None:
        self._listener.close()
        if self._connection is not None:
            self._connection.close()


def get(port: int, path: str = "/", *, method: str = "GET") -> tuple[int, bytes]:
    """Status and body of one request over a connection of its own."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers={"Connection": "close"})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


def wait_until(condition: Callable[[], bool]) -> None:
    """Ask *condition* until it holds; it should take its time by itself, for example by talking to a server."""
    end_s = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end_s, "it never came true"


def is_refused(port: int) -> bool:
    """Whether nobody listens on *port* any more."""
    try:
        socket.create_connection(("127.0.0.1", port), PATIENCE_S).close()
    except ConnectionRefusedError:
        return True
    except ConnectionResetError:  # in the moment of closing
        return False
    return False
