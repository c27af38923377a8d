"""Whether a file has changed.

In: ``mark_of``. Not in: who asks (``certificates.served``, and whoever keeps what a file said).
"""

from __future__ import annotations

from pathlib import Path

#: Time of the last change in nanoseconds, size, inode; None where there is no file.
Mark = tuple[int, int, int] | None


def mark_of(path: str) -> Mark:
    """What changes when the file *path* does; through symbolic links, as Kubernetes changes them."""
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
