"""API keys that should not be as they are.

In: ``api_keys``. Not in: what is refused outright (``auth.api_key.config``).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from vizgate.auth.api_key.age import old_keys
from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.config.audit.finding import AuditFinding, AuditView, Severity
from vizgate.config.problems import Path, shown


def api_keys(view: AuditView) -> Iterator[AuditFinding]:
    """Every key that is old, of unknown age, without an end, or of no use any more."""
    for name, auth in view.config.auth.items():
        if not isinstance(auth, ApiKeyConfig):
            continue
        for index, key in enumerate(auth.keys):
            yield from _of_key(view, auth, key, ("auth", name, "keys", index))
        for key in view.filed_keys.get(name, ()):
            yield from _of_key(view, auth, key, ("auth", name, "keys_file"))


def _of_key(view: AuditView, auth: ApiKeyConfig, key: KeyConfig, path: Path) -> Iterator[AuditFinding]:
    def note(rule: str, message: str) -> AuditFinding:
        return AuditFinding(rule, Severity.NOTE, path, f"the key {shown(key.id)} {message}")

    if key.disabled:
        return
    if key.expires is not None and key.expires < datetime.fromtimestamp(view.now_s, UTC).date():
        yield note("key-expired", "has expired. Remove it")
        return
    for old in old_keys([key], auth.max_age, view.now_s):
        message = f"the key {shown(key.id)} is {old.days} days old. Make a new one with `vizgate keys new`"
        yield AuditFinding("key-age", Severity.WARNING, path, message)
    if key.created is None:
        yield note("key-age-unknown", "does not say when it was made. Write created")
    if key.expires is None:
        yield note("key-without-expiry", "never expires. Write expires")
