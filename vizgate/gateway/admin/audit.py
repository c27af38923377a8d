"""Who changed what: the audit log of the admin API.

In: ``AuditLog`` and ``Change``. Not in: who may change what (``gateway.admin.access``).
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from vizgate.clock import Clock
from vizgate.gateway.admin.tokens import Caller
from vizgate.gateway.operations.operation import Arguments
from vizgate.observe.date import Rfc3339
from vizgate.observe.redaction import redact_text

_log = logging.getLogger("vizgate.audit")

_MAX_CHARS = 1000
_FLAGS = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC
# Who does what is personal data: not for every account of the machine.
_MODE = 0o640


def _nowhere() -> None:
    return None


@dataclass(frozen=True, slots=True)
class Change:
    """A change that somebody asked for. ``before``, ``after``: JSON values of what it was about.

    ``peer``: the address that the request came from. ``status``: as in HTTP. ``reason``: why it was refused.
    """

    caller: Caller
    peer: str
    request_id: str
    operation: str
    arguments: Arguments = field(default_factory=dict)
    result: Literal["done", "refused", "failed"] = "done"
    status: int = 200
    before: Any = None
    after: Any = None
    reason: str = ""


class AuditLog:
    """Writes one line of JSON for each change: to a file, or to the logger ``vizgate.audit`` at ``info``, whatever the
    level of the program's log is.

    Args: to: gives the path of the present file, None for the logger.
    """

    def __init__(self, clock: Clock, to: Callable[[], Path | None] = _nowhere) -> None:
        self._clock = clock
        self._to = to
        self._time = Rfc3339()
        # Lines stand in the order in which the changes were made.
        self._turn = asyncio.Lock()
        if _log.level == logging.NOTSET:
            _log.setLevel(logging.INFO)

    async def write(self, change: Change) -> None:
        """Return when the line of *change* is written; where the file cannot be, the logger gets it."""
        line = json.dumps(_without_secrets(self._document(change)))
        path = self._to()
        if path is not None:
            async with self._turn:
                try:
                    # It may be slow, or on another machine.
                    await asyncio.to_thread(_append, path, line)
                except OSError as exc:
                    _log.error("audit log: cannot write %s: %s", path, exc.strerror or exc)
                else:
                    return
        _log.info("%s", line)

    def _document(self, change: Change) -> dict[str, Any]:
        document = {
            "time": self._time.text(self._clock.wall()),
            "who": change.caller.name,
            "role": change.caller.role,
            "peer": change.peer or "unix",
            "operation": change.operation,
            "arguments": change.arguments,
            "before": change.before,
            "after": change.after,
            "result": change.result,
            "status": change.status,
            "request_id": change.request_id,
        }
        if change.reason:
            document["reason"] = change.reason
        return document

    def __repr__(self) -> str:
        return f"<AuditLog {_log.name}>"


def _append(path: Path, line: str) -> None:
    # Opened each time: changes are few, and whoever rotates the file need not tell.
    descriptor = os.open(path, _FLAGS, _MODE)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


def _without_secrets(value: Any) -> Any:
    """*value*, a JSON value, with secret parameters replaced in the URLs it quotes, and no text of any length."""
    if isinstance(value, str):
        return redact_text(value)[:_MAX_CHARS]
    if isinstance(value, dict):
        return {key: _without_secrets(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(child) for child in value]
    return value
