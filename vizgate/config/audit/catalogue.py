"""All rules of the audit.

In: ``RULES`` and the ids. Not in: the rules (the folders beside this).
"""

from __future__ import annotations

from collections.abc import Iterator

from vizgate.config.audit.entrance import bounds, browsers, certificates, listeners, open_routes, patterns
from vizgate.config.audit.identity import api_keys, authorities, secrets, tokens, urls
from vizgate.config.audit.ignoring import UNUSED
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.upstream import services, stores, versions, waiting
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding

_MODULES = (
    open_routes, bounds, listeners, certificates, browsers, patterns, secrets, urls, api_keys, tokens, authorities,
    services, waiting, stores, versions,
)  # fmt: skip


def _nowhere(_: AuditView) -> Iterator[Finding]:
    """Nothing: what this rule is about is known only when all others have been asked."""
    return iter(())


#: What is asked of every configuration, in this order.
RULES: tuple[Rule, ...] = (
    *(rule for module in _MODULES for rule in module.RULES),
    Rule(
        UNUSED,
        Severity.NOTE,
        "An entry of the ignore list has nothing to ignore",
        "What it was for is mended, or stands elsewhere now. An entry that nobody needs would hide the next one.",
        _nowhere,
    ),
)

#: Every rule by its id.
BY_ID = {rule.id: rule for rule in RULES}


def rules_markdown() -> str:
    """The rules as a table of the documentation."""
    rows = [f"| `{rule.id}` | {rule.severity.value} | {rule.title}. {rule.help} |" for rule in RULES]
    return "\n".join(["| rule | severity | what it finds, why, and what to do |", "| --- | --- | --- |", *rows, ""])
