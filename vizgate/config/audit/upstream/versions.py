"""API versions that end too soon.

In: the rule over all versions. Not in: what too soon is (``versions.audit``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding
from vizgate.versions.audit import audit_versions


def _api_versions(view: AuditView) -> Iterator[Finding]:
    today = datetime.fromtimestamp(view.now_s, UTC).date()
    for warning in audit_versions(view.config.versions, today):
        yield Finding(("versions", warning.name), warning.message)


RULES = (
    Rule(
        "version-ends-soon",
        Severity.WARNING,
        "An API version leaves its users less time than was promised",
        "The version before the newest is there for six months after it was deprecated.",
        _api_versions,
    ),
)
