"""What an audit finds.

In: ``AuditFinding``. Not in: where it stands in a file (``cli``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vizgate.config.audit.rule import Severity
from vizgate.config.problems import Path


@dataclass(frozen=True, slots=True)
class Ignored:
    """Why a finding is let pass. ``by``: the configuration itself, or whoever asks for the audit."""

    by: Literal["configuration", "command line"]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that is unwise at *path*. ``rule``: the id of the rule that found it, the same in every version.
    ``ignored``: why it is let pass; None when it is not.
    """

    rule: str
    severity: Severity
    path: Path
    message: str
    ignored: Ignored | None = None
