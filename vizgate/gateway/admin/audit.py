"""Who changed what: the audit log of the admin API.

In: ``AuditLog`` and ``Change``. Not in: who may change what (``gateway.admin.access``).
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass, field
from typing import Any, Literal

from vizgate.clock import Clock
from vizgate.gateway.admin.tokens import Caller
from vizgate.gateway.operations.operation import Arguments
from vizgate.observe.date import Rfc3339
from vizgate.observe.redaction import redact_text

_log = logging.getLogger("vizgate.audit")

_MAX_CHARS = 1000


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
    """Writes one line of JSON for each change, to the logger ``vizgate.audit`` at ``info``, whatever the level of the
    program's log is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._time = Rfc3339()
        if _log.level == logging.NOTSET:
            _log.setLevel(logging.INFO)

    def write(self, change: Change) -> None:
        """Write the line of *change*."""
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
        _log.info("%s", json.dumps(_without_secrets(document)))

    def __repr__(self) -> str:
        return f"<AuditLog {_log.name}>"


def _without_secrets(value: Any) -> Any:
    """*value*, a JSON value, with secret parameters replaced in the URLs it quotes, and no text of any length."""
    if isinstance(value, str):
        return redact_text(value)[:_MAX_CHARS]
    if isinstance(value, dict):
        return {key: _without_secrets(child) for key, child in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_secrets(child) for child in value]
    return value
