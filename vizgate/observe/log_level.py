"""How much the gateway's own log tells, while it runs.

In: ``LogLevelSwitch``. Not in: formats and where lines go (``observe.log``), and waiting for the end of a time
(whoever calls ``expire``).
"""

from __future__ import annotations

import logging
import math
from typing import cast

from vizgate.observe.log import LogLevel


class LogLevelSwitch:
    """The level of the logger "vizgate", and the way back to the one it was started with.

    ``deadline_s``, ``due_s``, ``expire``: see ``transport.deadlines.Deadlined``.
    """

    __slots__ = ("_before", "_logger", "deadline_s", "due_s")

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logging.getLogger("vizgate") if logger is None else logger
        #: What it was before anybody changed it; None as long as nobody has.
        self._before: int | None = None
        self.deadline_s = 0.0
        self.due_s = math.inf

    @property
    def level(self) -> LogLevel:
        """What is logged from now on: this level and those above it."""
        return _name(self._logger.getEffectiveLevel())

    @property
    def is_changed(self) -> bool:
        """Whether ``back`` would do anything."""
        return self._before is not None

    def change(self, level: LogLevel) -> None:
        """Log from *level* on, until another word or ``back``."""
        if self._before is None:
            self._before = self._logger.level
        self._logger.setLevel(level.upper())

    def back(self) -> None:
        """Log as at the start."""
        if self._before is not None:
            before, self._before = self._before, None
            self._logger.setLevel(before)

    def expire(self) -> None:
        """The time of the change is over."""
        self.deadline_s = 0.0
        self.back()
        self._logger.warning("the log level is %s again", self.level)

    def __repr__(self) -> str:
        return f"<LogLevelSwitch {self.level}{' (changed)' if self.is_changed else ''}>"


def _name(level: int) -> LogLevel:
    """The highest of the known levels that lets through what *level* does."""
    known = [number for number in (10, 20, 30, 40) if number >= level]
    return cast("LogLevel", logging.getLevelName(min(known, default=50)).lower())
