"""Bytes and descriptors over a Unix socket.

In: ``Outbox``, ``receive``. Not in: what they mean (``channel.frames``).
"""

from __future__ import annotations

import array
import os
import socket
from collections import deque
from collections.abc import Sequence

from vizgate.gateway.workers.channel.frames import MOST_FILES

_FILE_BYTES = array.array("i").itemsize
_READ_BYTES = 256 * 1024
_ROOM = socket.CMSG_SPACE(MOST_FILES * _FILE_BYTES)


class Outbox:
    """What waits to be sent, in order."""

    __slots__ = ("_waiting",)

    def __init__(self) -> None:
        self._waiting: deque[tuple[memoryview, tuple[int, ...]]] = deque()

    def put(self, data: bytes, files: Sequence[int] = ()) -> None:
        """Have *data* sent, and duplicates of *files* with its first byte. Raises: OSError: no file is left."""
        own: list[int] = []
        try:
            own.extend(os.dup(fd) for fd in files)
        except OSError:
            _close(own)
            raise
        self._waiting.append((memoryview(data), tuple(own)))

    def send(self, sock: socket.socket) -> bool:
        """Send what *sock* takes now; whether that was everything. Raises: OSError: nobody is there any more."""
        while self._waiting:
            data, files = self._waiting[0]
            rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else []
            try:
                sent = sock.sendmsg([data], rights)
            except BlockingIOError:
                return False
            _close(files)
            if sent == len(data):
                self._waiting.popleft()
            else:
                self._waiting[0] = (data[sent:], ())
        return True

    def clear(self) -> None:
        """Send nothing of it."""
        for _, files in self._waiting:
            _close(files)
        self._waiting.clear()

    def __len__(self) -> int:
        return len(self._waiting)

    def __repr__(self) -> str:
        return f"<Outbox [{len(self)} waiting]>"


def receive(sock: socket.socket) -> tuple[bytes, list[int] | None]:
    """Bytes from *sock*, b"" at the end, and the descriptors that came with them, which are the caller's: those of one
    message at most. None stands for some that are lost, because this process may have no more files.

    Raises: BlockingIOError: there is nothing yet. OSError: the connection broke.
    """
    data, ancillary, flags, _ = sock.recvmsg(_READ_BYTES, _ROOM, socket.MSG_CMSG_CLOEXEC)
    files = array.array("i")
    for level, kind, content in ancillary:
        if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
            files.frombytes(content[: len(content) - len(content) % _FILE_BYTES])
    if flags & socket.MSG_CTRUNC:
        _close(files)
        return data, None
    return data, list(files)


def _close(files: Sequence[int]) -> None:
    for fd in files:
        os.close(fd)
