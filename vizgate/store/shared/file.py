"""The file behind a shared table.

In: making one with or without a name, opening one that is there, opening one that a parent process handed down. Not
in: what is done in it (``store.shared.table``).
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
from dataclasses import dataclass
from mmap import mmap
from pathlib import Path

from vizgate.extension.store import StoreFailed
from vizgate.store.shared.layout import EMPTY_BUCKET, HEADER_BYTES, SEED_BYTES, Header, buckets_for

_BUCKETS_AT_ONCE = 512


@dataclass(slots=True)
class TableFile:
    """An open table. ``fd``: its open file description is of this process alone, which the locks depend on."""

    fd: int
    header: Header
    data: mmap

    def close(self) -> None:
        """Let go of it."""
        self.data.close()
        os.close(self.fd)


def new_file(keys: int) -> TableFile:
    """A table without a name, gone with the last process that has it open. Raises: StoreFailed: no room for it."""
    fd = os.memfd_create("vizgate-store", os.MFD_CLOEXEC)
    try:
        _fill(fd, Header.for_keys(keys, secrets.token_bytes(SEED_BYTES)))
        return _mapped(fd, None)
    except OSError as exc:
        os.close(fd)
        raise StoreFailed(f"store: no room for {keys} keys: {exc.strerror}. Lower store.keys") from exc


def inherited_file(fd: int) -> TableFile:
    """The table behind *fd*, which a parent handed down. Raises: OSError, StoreFailed: it is none."""
    own = os.open(f"/proc/self/fd/{fd}", os.O_RDWR | os.O_CLOEXEC)
    return _checked(own, "the store that was handed down", None)


def named_file(path: Path, keys: int) -> TableFile:
    """The table in *path*, made if there is none. Raises: StoreFailed: there is something else, or no way to it."""
    shown = f"store.path: '{path}'"
    try:
        if not path.exists():
            _make(path, keys)
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError as exc:
        raise StoreFailed(f"{shown} cannot be used: {exc.strerror}. Name another file") from exc
    return _checked(fd, shown, keys)


def _checked(fd: int, shown: str, keys: int | None) -> TableFile:
    try:
        return _mapped(fd, keys)
    except (StoreFailed, OSError) as exc:
        os.close(fd)
        raise StoreFailed(f"{shown} {exc}") from exc


def _mapped(fd: int, keys: int | None) -> TableFile:
    """The table in *fd*. Raises: StoreFailed: there is none, or one that is not for *keys*; OSError: no memory."""
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        raise StoreFailed("is no regular file. Name another")
    header = Header.parse(os.pread(fd, HEADER_BYTES, 0), status.st_size)
    if keys is not None:
        _check_named(status, header, keys)
    return TableFile(fd, header, mmap(fd, status.st_size))


def _check_named(status: os.stat_result, header: Header, keys: int) -> None:
    # Whoever can write to it can change counters, or end every gateway that maps it by making it shorter.
    if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise StoreFailed("can be written by other users. Name another, or remove it")
    if header.buckets != buckets_for(keys):
        raise StoreFailed("was made for another number of keys. Remove it, or set store.keys as it was")


def _make(path: Path, keys: int) -> None:
    """Put an empty table at *path*, whole from the first moment; another process may have been quicker."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")
    draft.unlink(missing_ok=True)
    # Exclusively: in a folder that others write to, something of theirs may stand there.
    fd = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        _fill(fd, Header.for_keys(keys, secrets.token_bytes(SEED_BYTES)))
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        os.close(fd)
        draft.unlink()


def _fill(fd: int, header: Header) -> None:
    """Write an empty table. Every byte is written: a hole that the disk has no room for would kill who writes to it."""
    with os.fdopen(os.dup(fd), "wb") as file:
        file.write(header.encode())
        left = header.buckets
        while left:
            count = min(left, _BUCKETS_AT_ONCE)
            file.write(EMPTY_BUCKET * count)
            left -= count
