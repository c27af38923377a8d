"""What is let pass, and why.

In: ``apply_ignores``. Not in: the settings (``config.model.checks``).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace

from vizgate.config.audit.finding import AuditFinding, Ignored
from vizgate.config.audit.rule import Severity
from vizgate.config.model import GatewayConfig
from vizgate.config.model.checks import IgnoreConfig
from vizgate.config.problems import Path, did_you_mean, format_path, shown

#: The rule about the list itself.
UNUSED = "ignore-without-use"


def apply_ignores(
    config: GatewayConfig, found: Sequence[AuditFinding], asked: Collection[str], known: Collection[str]
) -> Iterator[AuditFinding]:
    """*found*, each marked when the configuration lets it pass, or when its rule is among *asked*; then a note for each
    entry of the configuration that lets nothing pass. Args: known: the ids of all rules.
    """
    used = set[int]()
    for finding in found:
        index = _entry_for(config, finding)
        if index is not None:
            used.add(index)
            yield replace(finding, ignored=Ignored("configuration", config.audit.ignore[index].reason))
        else:
            yield replace(finding, ignored=Ignored("command line")) if finding.rule in asked else finding
    for index, entry in enumerate(config.audit.ignore):
        if index not in used and UNUSED not in asked:
            yield AuditFinding(UNUSED, Severity.NOTE, ("audit", "ignore", index), _useless(entry, known))


def _entry_for(config: GatewayConfig, finding: AuditFinding) -> int | None:
    for index, entry in enumerate(config.audit.ignore):
        if entry.rule == finding.rule and (entry.path is None or _is_at(config, finding.path, entry.path)):
            return index
    return None


def _is_at(config: GatewayConfig, path: Path, wanted: str) -> bool:
    """Whether *path* is what *wanted* names, a path or a route, or something below."""
    if path[:1] == ("routes",) and len(path) > 1 and config.routes[int(path[1])].name == wanted:
        return True
    return any(format_path(path[:length]) == wanted for length in range(1, len(path) + 1))


def _useless(entry: IgnoreConfig, known: Collection[str]) -> str:
    if entry.rule not in known:
        return f"no rule is called {shown(entry.rule)}.{did_you_mean(entry.rule, known) or ' Remove it'}"
    return f"{entry.rule} finds nothing {f'at {entry.path}' if entry.path else 'at all'}. Remove the entry"
