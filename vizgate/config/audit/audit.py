"""Asks all rules.

In: ``audit``. Not in: the rules (``config.audit.catalogue``), and showing what they find (``cli``).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from vizgate.auth.api_key.config import ApiKeyConfig
from vizgate.config.audit.catalogue import BY_ID, RULES
from vizgate.config.audit.finding import AuditFinding
from vizgate.config.audit.ignoring import apply_ignores
from vizgate.config.audit.view import AuditView, SeenCertificate
from vizgate.config.keys_file import read_keys_file
from vizgate.config.model import GatewayConfig


def audit(
    config: GatewayConfig, now_s: float, shown: Sequence[SeenCertificate] = (), *, ignore: Collection[str] = ()
) -> list[AuditFinding]:
    """Everything that is unwise in *config*, also what it says is let pass; its files of keys are read.

    Args: now_s: seconds since the epoch. shown: the certificates of its listeners. ignore: ids of rules whose findings
    are let pass, too.
    Raises: ConfigError: a file of keys can no longer be used.
    """
    filed = {
        name: read_keys_file(auth.keys_file)
        for name, auth in config.auth.items()
        if isinstance(auth, ApiKeyConfig) and auth.keys_file is not None
    }
    view = AuditView(config, now_s, filed, shown)
    found = [AuditFinding(rule.id, rule.severity, one.path, one.message) for rule in RULES for one in rule.find(view)]
    return list(apply_ignores(config, found, ignore, BY_ID))
