"""A table of counters as a file.

In: the format, reading it with suspicion and writing it so that a reader never sees half of it. Not in: when that
happens (``store.memory``).

The format: a line that names it, then for each key: length of the key, number of cells (128 more for a lasting key),
time of expiry, key, cells, all big-endian; at the end the CRC-32 of everything before.
"""

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from struct import Struct, error, pack, unpack_from

from vizgate.errors import VizgateError
from vizgate.extension.store import Cells

#: Cells, the wall-clock second at which they stop to mean anything, and whether they outlast others in a full store.
Entry = tuple[Cells, float, bool]

_MAGIC = b"vizgate store 1\n"
_RECORD = Struct(">HBd")
_CRC = Struct(">I")
_MAX_KEY_BYTES = 0xFFFF
_LASTING = 0x80


class SnapshotFault(VizgateError):
    """The file holds no whole table; the message says what is wrong."""


def encode(entries: Iterable[tuple[bytes, Entry]]) -> bytes:
    """*entries* as the content of a file."""
    parts = [_MAGIC]
    for key, (cells, expires_s, lasts) in entries:
        if len(key) <= _MAX_KEY_BYTES:
            count = len(cells) | (_LASTING if lasts else 0)
            parts.append(_RECORD.pack(len(key), count, expires_s) + key + pack(f">{len(cells)}d", *cells))
    content = b"".join(parts)
    return content + _CRC.pack(zlib.crc32(content))


def decode(content: bytes) -> dict[bytes, Entry]:
    """What ``encode`` was given, in its order. Raises: SnapshotFault: the content is of something else, or damaged."""
    end = len(content) - _CRC.size
    if not content.startswith(_MAGIC) or end < len(_MAGIC):
        raise SnapshotFault("it is no table of counters of this version")
    if _CRC.unpack_from(content, end)[0] != zlib.crc32(content[:end]):
        raise SnapshotFault("it is damaged")
    try:
        return dict(_records(content, len(_MAGIC), end))
    except error as exc:
        raise SnapshotFault("it is damaged") from exc


def _records(content: bytes, at: int, end: int) -> Iterator[tuple[bytes, Entry]]:
    while at < end:
        key_size, marked, expires_s = _RECORD.unpack_from(content, at)
        count = marked & ~_LASTING
        at += _RECORD.size
        key = content[at : at + key_size]
        at += key_size
        yield key, (unpack_from(f">{count}d", content, at), expires_s, bool(marked & _LASTING))
        at += count * 8


def read_snapshot(path: Path) -> dict[bytes, Entry]:
    """The table in *path*. Raises: OSError: it cannot be read. SnapshotFault: it is none."""
    return decode(path.read_bytes())


def write_snapshot(path: Path, entries: Iterable[tuple[bytes, Entry]]) -> None:
    """Put a table in the place of *path*, all at once.

    Raises: OSError: it could not be written; *path* is as it was.
    """
    draft = path.with_name(f"{path.name}.part")
    draft.unlink(missing_ok=True)
    # Only the owner may read: keys can tell who was there. Exclusively: in a folder that others write to, something of
    # theirs may stand there.
    fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(encode(entries))
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        draft.unlink(missing_ok=True)
        raise
