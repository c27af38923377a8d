"""The gateway's own log while a command runs.

In: ``program_log``. Not in: formats and levels (``observe.log``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from vizgate.observe.log import LogLevel, set_up_logging


@contextmanager
def program_log(level: LogLevel) -> Iterator[None]:
    """Log to standard error from *level* on, and leave logging as it was: a program may call ``main`` itself."""
    logger = logging.getLogger("vizgate")
    handlers, level_before, propagate = logger.handlers[:], logger.level, logger.propagate
    set_up_logging(level)
    try:
        yield
    finally:
        logger.handlers[:] = handlers
        logger.setLevel(level_before)
        logger.propagate = propagate
