"""What an audit looks at, and what it finds.

In: ``AuditFinding``, ``Severity``, ``AuditView``, ``SeenCertificate``. Not in: the rules (the modules beside this).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum

from vizgate.auth.api_key.config import KeyConfig
from vizgate.config.model import GatewayConfig
from vizgate.config.problems import Path


class Severity(Enum):
    """How bad it is: a warning fails the audit, a note does not."""

    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class AuditFinding:
    """One thing that is unwise at *path*. ``rule``: the name of the rule that found it, the same in every version."""

    rule: str
    severity: Severity
    path: Path
    message: str


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """A certificate that the setting at *path* names. ``begins_s``, ``ends_s``: seconds since the epoch. ``weakness``:
    what is weak about it, "" for nothing.
    """

    path: Path
    begins_s: float
    ends_s: float
    weakness: str = ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """A configuration that can be used, as rules see it: values only.

    ``now_s``: seconds since the epoch. ``filed_keys``: the keys in the file of each authenticator that has one.
    ``certificates``: those that listeners show.
    """

    config: GatewayConfig
    now_s: float
    filed_keys: Mapping[str, Sequence[KeyConfig]] = field(default_factory=dict)
    certificates: Sequence[SeenCertificate] = ()
