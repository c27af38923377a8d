"""The audit: whom authenticators believe."""

from __future__ import annotations

import pytest

from vizgate.config import load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.rule import Severity

JWT = "kind: jwt, algorithms: [RS256], audience: a, issuer: i"


def found(auth: str, store: str = "redis://127.0.0.1") -> list[tuple[object, ...]]:
    config = load_text(f"store: {store}\nauth: {{it: {{{auth}}}}}", environment={"SECRET": "x"})
    return [(one.rule, one.severity, *one.path) for one in audit(config, 1_800_000_000.0)]


@pytest.mark.parametrize(
    ("url", "is_found"),
    [
        ("http://idp.example.com/x", True),
        ("http://10.0.0.5/x", True),
        ("http://localhost.example.com/x", True),
        ("https://idp.example.com/x", False),
        ("http://127.0.0.1:9401/x", False),
        ("http://[::1]/x", False),
        ("http://localhost/x", False),
        ("http://idp.localhost/x", False),
    ],
)
@pytest.mark.parametrize(
    ("key", "auth"),
    [
        ("jwks_url", JWT),
        ("endpoint", "kind: oauth2_introspection, client_id: a, client_secret: '${SECRET}', audience: a"),
        ("url", "kind: forward_auth"),
    ],
)
def test_audit_authority_without_tls(key: str, auth: str, url: str, *, is_found: bool) -> None:
    """Whoever can answer for the one who decides decides; on this machine nobody is on the way."""
    wanted = [("authority-without-tls", Severity.WARNING, "auth", "it", key)] if is_found else []
    assert wanted == found(f"{auth}, {key}: '{url}'")


@pytest.mark.parametrize(
    ("require", "is_found"), [("[exp]", False), ("[sub, exp]", False), ("[]", True), ("[sub]", True)]
)
def test_audit_tokens_that_need_not_end(require: str, *, is_found: bool) -> None:
    """A token that never ends is a password."""
    wanted = [("token-without-expiry", Severity.WARNING, "auth", "it", "require")] if is_found else []
    assert wanted == found(f"{JWT}, jwks_url: 'https://a/', require: {require}")


@pytest.mark.parametrize(("more", "is_found"), [("revocation: store", True), ("revocation: 'off'", False)])
def test_audit_revocation_that_fails_open(more: str, *, is_found: bool) -> None:
    """It is a choice, and worth to be seen."""
    wanted = [("revocation-fails-open", Severity.NOTE, "auth", "it", "on_store_failure")] if is_found else []
    assert wanted == found(f"{JWT}, jwks_url: 'https://a/', {more}, on_store_failure: allow")


@pytest.mark.parametrize(
    ("store", "is_found"),
    [
        ("memory", True),
        ("shared", True),
        ("{kind: memory, persist: counters}", False),
        ("{kind: shared, path: counters}", False),
        ("redis://127.0.0.1", False),
    ],
)
@pytest.mark.parametrize("revocation", ["store", "'off'"])
def test_audit_revocation_that_a_restart_forgets(store: str, revocation: str, *, is_found: bool) -> None:
    """A token that was taken back must not be good again because a gateway has started anew."""
    wanted = [("revocation-forgotten", Severity.WARNING, "auth", "it", "revocation")]
    got = found(f"{JWT}, jwks_url: 'https://a/', revocation: {revocation}", store)
    assert (wanted if is_found and revocation == "store" else []) == got
