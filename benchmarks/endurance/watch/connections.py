"""Which process holds which connection, from /proc.

In: ``client_ports``. Not in: what is concluded from it (``endurance.watch.verdict``).
"""

from __future__ import annotations

from pathlib import Path

_ESTABLISHED_OR_CLOSING = {"01", "04", "05", "08", "09", "0B"}


def client_ports(pid: int, port: int) -> set[int]:
    """The ports of clients whose connections to 127.0.0.1:*port* the process *pid* holds."""
    held = _sockets(pid)
    return {remote for inode, (local, remote) in _table().items() if local == port and inode in held}


def own_ports(pid: int, port: int) -> set[int]:
    """The ports from which the process *pid* is connected to 127.0.0.1:*port*."""
    held = _sockets(pid)
    return {local for inode, (local, remote) in _table().items() if remote == port and inode in held}


def listens(pid: int, port: int) -> bool:
    """Whether the process *pid* has a socket that listens on *port*."""
    held = _sockets(pid)
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    rows = [line.split() for line in lines]
    return any(row[9] in held for row in rows if row[3] == "0A" and _port(row[1]) == port)


def _table() -> dict[str, tuple[int, int]]:
    """By inode: local and remote port of every TCP connection over IPv4."""
    found = {}
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        row = line.split()
        if row[3] in _ESTABLISHED_OR_CLOSING:
            found[row[9]] = (_port(row[1]), _port(row[2]))
    return found


def _port(address: str) -> int:
    return int(address.rpartition(":")[2], 16)


def _sockets(pid: int) -> set[str]:
    """The inodes of the sockets that *pid* has open."""
    found = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        try:
            name = str(entry.readlink())
        except OSError:  # closed meanwhile
            continue
        if name.startswith("socket:["):
            found.add(name[8:-1])
    return found
