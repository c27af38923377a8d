"""Regular expressions that can take long.

In: the rule about settings of middleware and other parts of one's own. Not in: conditions of routes, where such a
pattern is refused (``router.conditions``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding, Path
from vizgate.router.conditions import PatternError, check_pattern

_NAMES_PATTERN = re.compile(r"regex|pattern", re.IGNORECASE)


def _slow_patterns(view: AuditView) -> Iterator[Finding]:
    for path, settings in view.own_settings():
        for at, text in _patterns_in(settings, path, is_pattern=False):
            try:
                check_pattern(text)
            except PatternError as exc:
                yield Finding(at, f"{exc}")


def _patterns_in(value: Any, path: Path, *, is_pattern: bool) -> Iterator[tuple[Path, str]]:
    """Texts under a name that says that they are patterns."""
    if isinstance(value, str):
        if is_pattern:
            yield path, value
    elif isinstance(value, Mapping):
        for key, child in value.items():
            named = is_pattern or _NAMES_PATTERN.search(str(key)) is not None
            yield from _patterns_in(child, (*path, str(key)), is_pattern=named)
    elif isinstance(value, (list, tuple)):
        for index, child in enumerate(value):
            yield from _patterns_in(child, (*path, index), is_pattern=is_pattern)


RULES = (
    Rule(
        "pattern-slow",
        Severity.WARNING,
        "A regular expression can take long",
        "With nested or neighbouring repetitions one request can keep a worker busy for minutes (ReDoS). Conditions of"
        " routes refuse such patterns; settings of middleware and parts of one's own whose names hold `regex` or"
        " `pattern` are looked through here.",
        _slow_patterns,
    ),
)
