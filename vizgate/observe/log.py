"""The gateway's own log: what goes wrong inside it, on standard error.

In: setting up the standard library's ``logging`` for the logger "vizgate". Not in: requests (``access_log``). A program
that embeds vizgate sets up logging itself; only the command line calls this.
"""

from __future__ import annotations

import json
import logging
import sys
from typing import Literal, TextIO

from vizgate.observe.date import Rfc3339
from vizgate.observe.redaction import redact_text

LogFormat = Literal["text", "json"]
LogLevel = Literal["debug", "info", "warning", "error", "critical"]

# A newline in a message, which a client may have had a hand in, must not begin what looks like an entry.
_CONTROLS = {code: f"\\x{code:02x}" for code in (*range(0x20), *range(0x7F, 0xA0)) if code != 0x0A}
_CONTROLS |= {0x2028: "\\u2028", 0x2029: "\\u2029"}
_MESSAGE_CONTROLS = _CONTROLS | {0x0A: "\\n"}


def set_up_logging(
    level: LogLevel = "info", log_format: LogFormat = "text", stream: TextIO | None = None, *, process: str = ""
) -> logging.Logger:
    """The logger "vizgate", writing to *stream* (default: standard error) and to nothing else.

    Calling it again replaces what the last call set up. Args: process: which of several writes, for every entry.
    """
    logger = logging.getLogger("vizgate")
    handler = logging.StreamHandler(sys.stderr if stream is None else stream)
    handler.setFormatter(JsonFormatter(process) if log_format == "json" else TextFormatter(process))
    logger.handlers[:] = [handler]
    logger.setLevel(level.upper())
    logger.propagate = False
    return logger


class TextFormatter(logging.Formatter):
    """``TIME LEVEL LOGGER: MESSAGE``, and below it the traceback, each line set in. *process* is told in brackets."""

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self._process = f" [{process}]" if process else ""
        self._time = Rfc3339()

    def format(self, record: logging.LogRecord) -> str:
        """The entry; control characters are escaped and secrets in URLs replaced."""
        message = redact_text(record.getMessage()).translate(_MESSAGE_CONTROLS)
        entry = f"{self._time.text(record.created)} {record.levelname} {record.name}{self._process}: {message}"
        details = _details(self, record).translate(_CONTROLS)
        return "\n    ".join([entry, *details.split("\n")]) if details else entry


class JsonFormatter(logging.Formatter):
    """One JSON object per line: time, level, logger, message and, when there is one, the traceback as ``exception``.

    *process*, if there is one, is told under that name.
    """

    def __init__(self, process: str = "") -> None:
        super().__init__()
        self._process = process
        self._time = Rfc3339()

    def format(self, record: logging.LogRecord) -> str:
        """The entry; secrets in URLs are replaced."""
        entry = {
            "time": self._time.text(record.created),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": redact_text(record.getMessage()),
        }
        if self._process:
            entry["process"] = self._process
        details = _details(self, record)
        if details:
            entry["exception"] = details
        return json.dumps(entry)


def _details(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    parts = []
    if record.exc_info and record.exc_info[0] is not None:
        parts.append(formatter.formatException(record.exc_info))
    if record.stack_info:
        parts.append(formatter.formatStack(record.stack_info))
    return redact_text("\n".join(parts))
