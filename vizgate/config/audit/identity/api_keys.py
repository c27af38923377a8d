"""API keys that should not be as they are.

In: rules about the age and the end of keys. Not in: what is refused outright (``auth.api_key.config``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime

from vizgate.auth.api_key.age import old_keys
from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.config.audit.rule import Rule, Severity
from vizgate.config.audit.view import AuditView
from vizgate.config.problems import Finding, Path, shown


def _keys(view: AuditView) -> Iterator[tuple[Path, ApiKeyConfig, KeyConfig]]:
    """Every key that is in use, its authenticator and its place."""
    for name, auth in view.config.auth.items():
        if isinstance(auth, ApiKeyConfig):
            inline = [(("auth", name, "keys", index), key) for index, key in enumerate(auth.keys)]
            filed = [(("auth", name, "keys_file"), key) for key in view.filed_keys.get(name, ())]
            yield from ((path, auth, key) for path, key in (*inline, *filed) if not key.disabled)


def _has_expired(view: AuditView, key: KeyConfig) -> bool:
    return key.expires is not None and key.expires < datetime.fromtimestamp(view.now_s, UTC).date()


def _old(view: AuditView) -> Iterator[Finding]:
    for path, auth, key in _keys(view):
        for old in () if _has_expired(view, key) else old_keys([key], auth.max_age, view.now_s):
            message = f"the key {shown(key.id)} is {old.days} days old. Make a new one with `vizgate keys new`"
            yield Finding(path, message)


def _which(is_found: Callable[[AuditView, KeyConfig], bool], message: str) -> Callable[[AuditView], Iterator[Finding]]:
    """Finds keys of which something holds."""

    def find(view: AuditView) -> Iterator[Finding]:
        for path, _, key in _keys(view):
            if is_found(view, key):
                yield Finding(path, f"the key {shown(key.id)} {message}")

    return find


RULES = (
    Rule(
        "key-age",
        Severity.WARNING,
        "An API key is older than 90 days",
        "The older a key, the more places it has been in. Make a new one with `vizgate keys new`, let both be good for"
        " a while, and remove the old one. `max_age` of the authenticator says what old is.",
        _old,
    ),
    Rule(
        "key-abbreviated",
        Severity.WARNING,
        "The hash of an API key is cut short",
        "An entry with `sha256:2bb8...` stands for a key and lets nobody in. `vizgate keys hash` prints all of it.",
        _which(lambda _, key: key.is_abbreviated, "lets nobody in: its hash is cut short. Write all 64 digits"),
    ),
    Rule(
        "key-expired",
        Severity.NOTE,
        "An API key has expired",
        "It lets nobody in any more. Remove it, so that the list says who may.",
        _which(_has_expired, "has expired. Remove it"),
    ),
    Rule(
        "key-age-unknown",
        Severity.NOTE,
        "An API key does not say when it was made",
        "Without `created` nobody is warned when it gets old.",
        _which(
            lambda view, key: key.created is None and not _has_expired(view, key),
            "does not say when it was made. Write created",
        ),
    ),
    Rule(
        "key-without-expiry",
        Severity.NOTE,
        "An API key never expires",
        "With `expires` a key that was forgotten ends by itself.",
        _which(lambda _, key: key.expires is None, "never expires. Write expires"),
    ),
)
