"""What a test of a configuration expects, held against what came of its request.

In: ``differences``. Not in: sending the request (``gateway.rehearsal``).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from vizgate.config import CheckExpectation
from vizgate.config.problems import Path
from vizgate.gateway.rehearsal import Rehearsed

_MISSING = object()


def differences(expect: CheckExpectation, result: Rehearsed) -> Iterator[tuple[Path, str]]:
    """Each thing that is not as expected: its path below ``expect``, and what it was instead."""
    if expect.route is not None and expect.route != result.route:
        yield ("route",), _wrong(expect.route, result.route or "no route", result)
    if expect.service is not None and expect.service != result.service:
        yield ("service",), _wrong(expect.service, result.service or "no service", result)
    if expect.status is not None and not _has_status(expect.status, result):
        yield ("status",), _wrong(expect.status, "forwarded" if result.is_imagined else result.status, result)
    if expect.upstream_path is not None:
        target = result.upstream.target if result.upstream is not None else None
        if target != expect.upstream_path:
            yield ("upstream_path",), _wrong(expect.upstream_path, target or "nothing was forwarded", result)
    for name, value in (expect.params or {}).items():
        found = result.params.get(name, _MISSING)
        # An int is not the text that looks like it, and False is not 0.
        if type(found) is not type(value) or found != value:
            yield (
                ("params", name),
                _wrong(repr(value), "no such parameter" if found is _MISSING else repr(found), result),
            )


def _has_status(wanted: object, result: Rehearsed) -> bool:
    if wanted == "forwarded":
        return result.forwarded
    # An upstream that was not asked has no status; a built-in service does answer.
    return not result.is_imagined and wanted == result.status


def _wrong(wanted: Any, found: Any, result: Rehearsed) -> str:
    return f"expected {wanted}, got {found}{_why(result)}"


def _why(result: Rehearsed) -> str:
    """What helps to understand *result*, in brackets."""
    for step in result.steps:
        if step.error:
            return f" (middleware {step.use} {step.error})"
    for step in result.steps:
        if not step.forwarded:
            return f" (middleware {step.use} answered with {step.status})"
    return f" ({result.status}: {result.detail})" if result.detail else ""
