"""Standard descriptors that whoever started the program has closed.

In: ``fill_standard_descriptors``. Not in: what is read and written there.
"""

from __future__ import annotations

import os
import sys

_LAST = 2


def fill_standard_descriptors() -> None:
    """Have the null device behind those of the descriptors 0, 1 and 2 that are closed.

    Else a connection gets the number, and the access log is written to a client; and libuv ends the process when it is
    to close it.
    """
    while (number := os.open(os.devnull, os.O_RDWR)) <= _LAST:
        _use(number)
    os.close(number)


def _use(number: int) -> None:
    name = ("stdin", "stdout", "stderr")[number]
    # The interpreter has None for what was closed when it began.
    if getattr(sys, name) is None:
        setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))
