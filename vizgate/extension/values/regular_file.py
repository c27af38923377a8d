"""Opening files that a configuration names.

In: ``open_regular``. Not in: what is read out of them.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


def open_regular(path: Path) -> BinaryIO:
    """The file at *path*, to be read; links are followed. It never waits, whatever stands there.

    Raises: OSError: it cannot be opened, or is something else: a FIFO without a writer would hold its reader for ever,
    and a device may have no end.
    """
    # Not by a look before: what is opened is what must be a file. O_NONBLOCK means nothing to one.
    fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        _check(os.fstat(fd).st_mode)
        return os.fdopen(fd, "rb")
    except BaseException:
        os.close(fd)
        raise


def _check(mode: int) -> None:
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
    if not stat.S_ISREG(mode):
        raise OSError(errno.EINVAL, "it is no regular file")
