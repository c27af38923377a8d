"""Where lines go: a file descriptor, with all the ways in which it may refuse.

In: ``FileSink`` for files, pipes and terminals. Not in: which lines, and in which thread (``writer``).
"""

from __future__ import annotations

import fcntl
import os
import select
import stat
from typing import Protocol

from vizgate.errors import VizgateError

_STANDARD = {"stdout": 1, "stderr": 2}
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
# Request lines are personal data: not for every account of the machine.
_MODE = 0o640


class SinkError(VizgateError):
    """A sink could not be opened, or does not take bytes now; the reason is the message."""


class Sink(Protocol):
    """What takes whole lines; called from one thread at a time, which it may block."""

    def write(self, lines: bytes, start: int) -> int:
        """Take bytes of *lines* from *start* on; returns how many, 0 when none could be taken for now.

        Raises: SinkError: it failed; the caller may try again later.
        """
        ...

    def reopen(self) -> None:
        """Begin a new file if there is one. Raises: SinkError: it cannot be opened; the old one stays in use."""
        ...

    def close(self) -> None:
        """Let go of what was opened."""
        ...


def open_sink(to: str, turnstile: Turnstile | None = None) -> FileSink:
    """The sink that ``observe.access_log.to`` names: ``stdout``, ``stderr`` or a path to append to.

    Args: turnstile: keeps apart what several processes write. Raises: SinkError: the file cannot be opened.
    """
    if to in _STANDARD:
        return FileSink(_STANDARD[to], turnstile=turnstile)
    return FileSink(_open(to), to, turnstile=turnstile)


class Turnstile:
    """Lets one process through at a time; every process has one, of the same file. Args: fd: of that file, and of an
    open file description that no other process shares.
    """

    __slots__ = ("_fd",)

    def __init__(self, fd: int) -> None:
        self._fd = fd

    def __enter__(self) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._fd, fcntl.LOCK_UN)

    def __repr__(self) -> str:
        return f"<Turnstile {self._fd}>"


class FileSink:
    """Bytes to a file descriptor by ``os.write``.

    Args: fd: where to write. path: the file behind it, for ``reopen``; without it *fd* is not ours, and stays open.
    turnstile: see ``open_sink``; used where a line may be cut in pieces, which a file never does.
    """

    __slots__ = ("_at_once", "_fd", "_path", "_patience_ms", "_turnstile")

    def __init__(
        self, fd: int, path: str = "", patience_s: float = 0.25, *, turnstile: Turnstile | None = None
    ) -> None:
        self._fd = fd
        self._path = path
        self._patience_ms = int(patience_s * 1000)
        self._at_once = _largest_write(fd)
        self._turnstile = turnstile if self._at_once == select.PIPE_BUF else None

    def write(self, lines: bytes, start: int) -> int:
        """Take bytes of *lines* from *start* on; returns how many, 0 when the descriptor has no room for a while.

        Raises: SinkError: the reader is gone, the disk is full, or the like.
        """
        portion = self._portion(lines, start)
        try:
            if self._turnstile is None:
                return os.write(self._fd, portion)
            with self._turnstile:
                return self._write_whole(portion)
        except BlockingIOError:
            # Standard output may be non-blocking without our doing: the mode belongs to the open file, which other
            # processes share.
            self._wait_writable()
            return 0
        except OSError as exc:
            raise SinkError(f"access log: {exc.strerror or exc}") from exc

    def _write_whole(self, portion: bytes) -> int:
        """Write *portion*; once it has begun, to its end: a long line goes through a pipe in pieces."""
        sent = os.write(self._fd, portion)
        while sent < len(portion):
            try:
                sent += os.write(self._fd, portion[sent:])
            except BlockingIOError:
                self._wait_writable()
        return sent

    def reopen(self) -> None:
        """Open the path anew, after it was renamed. Raises: SinkError: that failed; the old file stays in use."""
        if self._path:
            old, self._fd = self._fd, _open(self._path)
            os.close(old)

    def close(self) -> None:
        """Close what ``open_sink`` opened."""
        if self._path and self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _portion(self, lines: bytes, start: int) -> bytes:
        """What to write now: whole lines, and no more than a pipe takes in one piece, unless one line is longer."""
        if len(lines) - start <= self._at_once:
            return lines[start:] if start else lines
        end = lines.rfind(b"\n", start, start + self._at_once) + 1
        if end <= start:
            end = lines.find(b"\n", start) + 1 or len(lines)
        return lines[start:end]

    def _wait_writable(self) -> None:
        poll = select.poll()
        poll.register(self._fd, select.POLLOUT)
        poll.poll(self._patience_ms)

    def __repr__(self) -> str:
        return f"<FileSink {self._path or self._fd}>"


def _open(path: str) -> int:
    try:
        return os.open(path, _FLAGS, _MODE)
    except OSError as exc:
        raise SinkError(f"access log: cannot open {path}: {exc.strerror or exc}") from exc


def _largest_write(fd: int) -> int:
    # POSIX write(): up to PIPE_BUF bytes enter a pipe in one piece; more may mingle with what other processes write. So
    # it is with a socket, which systemd gives for standard output.
    try:
        mode = os.fstat(fd).st_mode
        is_pipe = stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
    except OSError as exc:
        raise SinkError(f"access log: {exc.strerror or exc}") from exc
    return select.PIPE_BUF if is_pipe else 1 << 20
