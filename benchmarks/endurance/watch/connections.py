"""Which process holds which connection, from /proc.

In: ``Connections``, ``listening_inode`` and ``holders``. Not in: what is concluded from them
(``endurance.watch.verdict``).
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

_LISTENING = "0A"  # of linux/tcp_states.h
_ESTABLISHED_OR_CLOSING = {"01", "04", "05", "08", "09", "0B"}


class Connections:
    """Every connection over IPv4 of this moment. Made once for several questions: the table may be long."""

    def __init__(self) -> None:
        self._ports = {row[9]: (_port(row[1]), _port(row[2])) for row in _rows() if row[3] in _ESTABLISHED_OR_CLOSING}

    def of_server(self, pid: int, *ports: int) -> set[int]:
        """The ports of clients whose connections to one of *ports* the process *pid* holds."""
        held = _sockets(pid)
        return {remote for inode, (local, remote) in self._ports.items() if local in ports and inode in held}

    def of_client(self, pid: int, port: int) -> set[int]:
        """The ports from which the process *pid* is connected to *port*."""
        held = _sockets(pid)
        return {local for inode, (local, remote) in self._ports.items() if remote == port and inode in held}


def listening_inode(port: int) -> str:
    """The socket that listens on *port*: processes that share it have it under this number."""
    return next(row[9] for row in _rows() if row[3] == _LISTENING and _port(row[1]) == port)


def holders(root: int, inode: str) -> list[int]:
    """The processes below *root* that have this socket."""
    found, tree = [], _children(root)
    for pid in tree:  # grows while it is walked
        tree.extend(_children(pid))
        if inode in _sockets(pid):
            found.append(pid)
    return found


def _children(pid: int) -> list[int]:
    try:
        lists = [path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:  # it has ended meanwhile
        return []
    return [int(word) for text in lists for word in text.split()]


def _rows() -> list[list[str]]:
    return [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _sockets(pid: int) -> set[str]:
    """The inodes of the sockets that *pid* has open; none when it has ended."""
    found = set()
    try:
        for entry in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(OSError):  # closed meanwhile
                name = str(entry.readlink())
                if name.startswith("socket:["):
                    found.add(name[8:-1])
    except OSError:
        return set()
    return found
