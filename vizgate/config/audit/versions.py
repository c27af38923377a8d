"""API versions that end too soon.

In: ``api_versions``. Not in: the rule (``versions.audit``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from vizgate.config.audit.finding import AuditFinding, AuditView, Severity
from vizgate.versions.audit import audit_versions


def api_versions(view: AuditView) -> Iterator[AuditFinding]:
    """Every version that leaves its users less time than the policy wants."""
    today = datetime.fromtimestamp(view.now_s, UTC).date()
    for warning in audit_versions(view.config.versions, today):
        yield AuditFinding("version-ends-soon", Severity.WARNING, ("versions", warning.name), warning.message)
