"""Telling the operator about violations: counting all, logging some.

In: ``Report``. Not in: telling the client (``validation.middleware``).
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

from vizgate.extension.contract import Context
from vizgate.observe.metrics.counters import Counter
from vizgate.pipeline.request import Request
from vizgate.validation.check.violation import Violation

#: What a violation can be of; the label ``kind``.
KINDS = (
    "path", "query", "header", "cookie", "body", "media_type", "unknown_path", "unknown_method",
    "response_status", "response_media_type", "response_body",
)  # fmt: skip
#: Seconds between two lines in the log, for each route: a client that is wrong is wrong all the time.
LOG_EVERY_S = 1.0

_MAX_LOGGED = 3
_log = logging.getLogger("vizgate.validation")


class Report:
    """Counts the violations on one route, and logs some of them."""

    def __init__(self, context: Context) -> None:
        family = context.metrics.counters(
            "validation_violations", "Violations of an OpenAPI document or a JSON Schema.", ("route", "kind")
        )
        self._counters: dict[str, Counter] = {kind: family.of(context.route, kind) for kind in KINDS}
        self._clock = context.clock
        self._route = context.route
        self._next_log_s = float("-inf")
        self._unlogged = 0

    def count(self, violations: Sequence[Violation]) -> None:
        """Count *violations*."""
        for violation in violations:
            self._counters[violation.where].value += 1

    def log(self, request: Request, violations: Sequence[Violation]) -> None:
        """Have the log tell of a message that was let through all the same, unless it did a moment ago."""
        now_s = self._clock.monotonic()
        if now_s < self._next_log_s:
            self._unlogged += 1
            return
        told = "; ".join(map(str, violations[:_MAX_LOGGED]))
        more = f" (and {len(violations) - _MAX_LOGGED} more)" if len(violations) > _MAX_LOGGED else ""
        since = f"; {self._unlogged} messages since the last such line" if self._unlogged else ""
        _log.warning("route %s: request %s, %s: %r", self._route, request.id, request.method, f"{told}{more}{since}")
        self._next_log_s, self._unlogged = now_s + LOG_EVERY_S, 0

    def __repr__(self) -> str:
        total = sum(counter.value for counter in self._counters.values())
        return f"<Report of {self._route} [{total} violations]>"
