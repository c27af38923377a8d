"""Listening sockets.

In: binding TCP ports and Unix sockets, and removing what a Unix socket leaves behind. Not in: accepting
(``transport.listener``).
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import socket
import stat
import sys
from dataclasses import dataclass
from pathlib import Path

_BACKLOG = 4096
_PROBE_S = 1.0
# How long to wait before an address that is in use is tried again, in seconds.
_AGAIN_S = 0.05
#: For a reload: it may go back to an address that the last one has left, which is let go of in the background.
RELOAD_TRIES = 10


@dataclass(frozen=True, slots=True)
class UnixPlace:
    """Where a Unix socket is. ``mode``: permissions, None for what the umask leaves. ``owner``: ``user[:group]``."""

    path: str
    mode: int | None = None
    owner: str = ""


def place_of(sock: socket.socket) -> tuple[str, int, UnixPlace | None]:
    """Host and port of *sock*, which listens; of a Unix socket "", 0 and where it is."""
    name = sock.getsockname()
    if sock.family == socket.AF_UNIX:
        # One in the abstract namespace has a name of bytes, the first of them zero; it is written with "@".
        return "", 0, UnixPlace(name if isinstance(name, str) else "@" + name[1:].decode("utf-8", "backslashreplace"))
    return name[0], name[1], None


async def bind(host: str, port: int, unix: UnixPlace | None, *, tries: int = 1) -> list[socket.socket]:
    """Listening sockets at *unix*, or else at *host* and *port*. Raises: as ``bind_unix`` and ``bind_tcp``.

    Args: tries: how often to try an address that is in use; see ``RELOAD_TRIES``.
    """
    while True:
        try:
            return await _bind(host, port, unix)
        except OSError as exc:
            tries -= 1
            if exc.errno != errno.EADDRINUSE or not tries:
                raise
        await asyncio.sleep(_AGAIN_S)


async def _bind(host: str, port: int, unix: UnixPlace | None) -> list[socket.socket]:
    if unix is None:
        return await bind_tcp(host, port)
    # In a thread: finding out whether somebody listens there may take a moment.
    return [await asyncio.to_thread(bind_unix, unix)]


async def bind_tcp(host: str, port: int) -> list[socket.socket]:
    """Listening sockets on every address of *host*. Raises: OSError, UnicodeError: one of them cannot be had."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    sockets: list[socket.socket] = []
    try:
        for family, _, _, _, address in dict.fromkeys(found):
            sockets.append(_bound(family, address, port or _port_of(sockets)))
    except BaseException:
        for sock in sockets:
            sock.close()
        raise
    return sockets


def _port_of(sockets: list[socket.socket]) -> int:
    """The port that the system chose for the first of *sockets*, for the others; 0 when there is none yet."""
    return sockets[0].getsockname()[1] if sockets else 0


def _bound(family: int, address: tuple[object, ...], port: int) -> socket.socket:
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(0)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        sock.bind((address[0], port, *address[2:]))
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        raise
    return sock


def bind_unix(place: UnixPlace) -> socket.socket:
    """A listening socket at *place*. A socket file that nobody listens on any more is replaced.

    Raises: OSError: somebody listens there, something else is there, or it is not allowed.
    """
    _remove_stale(place.path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    inode = 0
    try:
        sock.settimeout(0)
        sock.bind(place.path)
        inode = inode_of(place.path)
        # Before it listens nobody can connect, so nobody gets in by the permissions it is born with.
        if place.mode is not None or place.owner:
            fit_permissions(place)
        sock.listen(_BACKLOG)
    except BaseException:
        sock.close()
        remove_unix(place.path, inode)
        raise
    return sock


def fit_permissions(place: UnixPlace) -> None:
    """Give the socket at *place* its mode and owner.

    Whoever may write to its folder can put a link in its place at any moment. A gateway that is started by root would
    give him the file that it leads to (CWE-367): so what is there is opened, looked at, and changed as one thing.

    Raises: OSError: it is no socket any more, or it is not allowed.
    """
    if not sys.platform.startswith("linux"):  # nothing else can open a socket file without connecting to it
        _change(place.path, place)
        return
    fd = os.open(place.path, os.O_PATH | os.O_NOFOLLOW)
    try:
        if not stat.S_ISSOCK(os.fstat(fd).st_mode):
            raise FileExistsError(errno.EEXIST, "something that is no socket is there")
        _change(f"/proc/self/fd/{fd}", place)
    finally:
        os.close(fd)


def _change(path: str, place: UnixPlace) -> None:
    if place.mode is not None:
        Path(path).chmod(place.mode)
    if place.owner:
        user, _, group = place.owner.partition(":")
        _own(path, user, group)


def _own(path: str, user: str, group: str) -> None:
    try:
        shutil.chown(path, _number(user), _number(group) if group else None)
    except LookupError as exc:
        raise OSError(errno.EINVAL, f"there is no such owner: {exc}") from exc


def _number(name: str) -> str | int:
    return int(name) if name.isdigit() else name


def _remove_stale(path: str) -> None:
    try:
        is_socket = stat.S_ISSOCK(Path(path).lstat().st_mode)
    except FileNotFoundError:
        return
    if not is_socket:
        raise FileExistsError(errno.EEXIST, "something that is no socket is there")
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(_PROBE_S)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            Path(path).unlink(missing_ok=True)
            return
        except FileNotFoundError:
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def inode_of(path: str) -> int:
    """What tells the file *path* from one that takes its place; 0 when there is none."""
    with contextlib.suppress(OSError):
        return Path(path).lstat().st_ino
    return 0


def remove_unix(path: str, inode: int) -> None:
    """Remove the socket file *path*, unless it has another *inode* and so is another's by now."""
    if inode and inode_of(path) == inode:
        Path(path).unlink(missing_ok=True)
