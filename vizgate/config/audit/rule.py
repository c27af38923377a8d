"""What a rule of the audit is.

In: ``Rule`` and ``Severity``. Not in: the rules (the folders beside this) and running them (``config.audit.audit``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import Enum

from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding


class Severity(Enum):
    """How bad it is, the worst first: an error is an open door, a warning should not go on, a note is worth a look."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    def is_at_least(self, other: Severity) -> bool:
        """Whether it is as bad as *other*, or worse."""
        order = list(Severity)
        return order.index(self) <= order.index(other)


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that is looked for.

    ``id``: its name, the same in every version. ``title``: what it finds, as a phrase. ``help``: why that is unwise and
    what to do. ``find``: the places, each with what is wrong there and what to write instead.
    """

    id: str
    severity: Severity
    title: str
    help: str
    find: Callable[[AuditView], Iterator[Finding]]
