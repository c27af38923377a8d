"""The audit: what is allowed in a configuration and still unwise."""

from __future__ import annotations

from pathlib import Path

import pytest

from vizgate.auth.api_key.table import hash_key
from vizgate.config import load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.rule import Severity

NOW_S = 1_800_000_000.0  # 2027-01-15
BASE = "services: {api: {targets: ['http://127.0.0.1', 'https://b.internal']}, echo: {builtin: echo}}\n"
KEYS = "auth: {keys: {kind: api_key, keys: [{id: k, user: u, hash: 'HASH', MORE}]}}\n".replace(
    "HASH", hash_key(b"secret")
)
WARNING, NOTE = Severity.WARNING, Severity.NOTE


def found(text: str, base: Path = Path(), environment: dict[str, str] | None = None) -> list[tuple[object, ...]]:
    config = load_text(BASE + text, environment=environment or {}, base=base)
    return [(one.rule, one.severity, *one.path) for one in audit(config, NOW_S)]


def test_audit_of_a_careful_configuration_finds_nothing():
    """Reading is open, writing is not, and keys are young and end."""
    keys = KEYS.replace("MORE", "created: 2027-01-01, expires: 2027-12-31")
    routes = "{match: {path: /r, methods: [GET]}, service: api}, {match: {path: /w}, service: api, auth: keys}"
    assert [] == found(f"{keys}routes: [{routes}]")


@pytest.mark.parametrize(
    ("route", "is_found"),
    [
        ("{match: {path: /}, service: api}", True),
        ("{match: {path: /, methods: [GET, DELETE]}, service: api}", True),
        ("{match: {path: /, methods: [PATCH]}, service: api, auth: none}", True),
        ("{match: {path: /, methods: [GET, OPTIONS]}, service: api}", False),
        ("{match: {path: /}, service: api, auth: keys}", False),
        ("{match: {path: /}, service: echo}", False),
        ("{match: {path: /}, respond: {status: 200}}", False),
    ],
)
def test_audit_route_that_writes_for_anybody(route, is_found):
    """A service that takes POST, PUT, PATCH or DELETE from everybody should not by accident."""
    keys = KEYS.replace("MORE", "created: 2027-01-01, expires: 2027-12-31")
    wanted = [("write-without-auth", WARNING, "routes", 0)] if is_found else []
    assert wanted == found(f"{keys}routes: [{route}]")


@pytest.mark.parametrize(
    ("more", "wanted"),
    [
        ("created: 2026-10-16, expires: 2027-12-31", [("key-age", WARNING)]),
        ("created: 2026-10-17, expires: 2027-12-31", []),
        ("created: 2026-10-16, expires: 2027-12-31, disabled: true", []),
        ("created: 2026-10-16, expires: 2027-01-14", [("key-expired", NOTE)]),
        ("created: 2027-01-01", [("key-without-expiry", NOTE)]),
        ("expires: 2027-12-31", [("key-age-unknown", NOTE)]),
        ("tier: ''", [("key-age-unknown", NOTE), ("key-without-expiry", NOTE)]),
    ],
)
def test_audit_keys_in_the_configuration_and_in_a_file(tmp_path, more, wanted):
    """Keys older than 90 days are a warning; those without an end, or of no use, a note; wherever they stand."""
    inline = KEYS.replace("MORE", more)
    assert [(*one, "auth", "keys", "keys", 0) for one in wanted] == found(inline)
    (tmp_path / "keys.yaml").write_text(f"- {{id: k, user: u, hash: '{hash_key(b'secret')}', {more}}}")
    filed = "auth: {keys: {kind: api_key, keys_file: keys.yaml}}"
    assert [(*one, "auth", "keys", "keys_file") for one in wanted] == found(filed, tmp_path)


def test_audit_own_age_of_an_authenticator_counts():
    """``max_age`` says what old is."""
    keys = KEYS.replace("MORE", "created: 2027-01-01, expires: 2027-12-31").replace("kind:", "max_age: 7d, kind:")
    assert [("key-age", WARNING, "auth", "keys", "keys", 0)] == found(keys)


@pytest.mark.parametrize(
    ("pepper", "is_found"), [("open-sesame", True), ("'${PEPPER}'", False), ("{file: pepper}", False)]
)
def test_audit_secret_in_plain_text(tmp_path, pepper, is_found):
    """A secret belongs in a variable or in a file of its own."""
    (tmp_path / "pepper").write_text("x")
    keys = KEYS.replace("MORE", "created: 2027-01-01, expires: 2027-12-31")
    text = keys.replace("kind:", f"pepper: {pepper}, kind:")
    wanted = [("plain-secret", WARNING, "auth", "keys", "pepper")] if is_found else []
    assert wanted == found(text, tmp_path, {"PEPPER": "open-sesame"})


def test_audit_secret_in_a_field_that_is_set():
    """A credential for the service stands in a header setting; what only looks like a setting of one does not count."""
    fields = "Authorization: Bearer x, X-Api-Key: '${KEY}', X-Plain: y"
    entry = f"{{use: headers, request: {{set: {{{fields}}}}}, response: {{set: {{Set-Cookie: a=b}}}}}}"
    route = f"routes: [{{match: {{path: /, methods: [GET]}}, service: api, middleware: [{entry}]}}]"
    at = ("routes", 0, "middleware", 0, "request", "set", "Authorization")
    assert [("plain-secret", WARNING, *at)] == found(route, environment={"KEY": "secret"})


def test_audit_says_no_secret():
    """What an audit prints may be pasted into a ticket."""
    keys = KEYS.replace("MORE", "created: 2027-01-01").replace("kind:", "pepper: open-sesame, kind:")
    config = load_text(BASE + keys, environment={})
    assert "open-sesame" not in repr(audit(config, NOW_S))


def test_audit_believed_and_unverified():
    """Believing every address, or any certificate, undoes what stands behind it."""
    text = (
        "server: {trusted_proxies: [10.0.0.0/8, 0.0.0.0/0, '::/0']}\n"
        "services: {api: {targets: ['https://b'], tls: {verify: false}}, x: {targets: ['https://c']}}"
    )
    config = load_text(text, environment={})
    assert [
        ("trusts-everybody", ("server", "trusted_proxies", 1)),
        ("trusts-everybody", ("server", "trusted_proxies", 2)),
        ("tls-not-verified", ("services", "api", "tls", "verify")),
    ] == [(one.rule, one.path) for one in audit(config, NOW_S)]


def test_audit_version_that_ends_too_soon():
    """The version before the newest keeps its users for six months more."""
    text = (
        "versions: {'1': {deprecated: 2026-12-01, sunset: 2027-02-01, successor: /api/v2/}}\n"
        "routes: [{match: {path: '/api/v{version}/*', methods: [GET]}, service: api}]"
    )
    assert [("version-ends-soon", WARNING, "versions", "1")] == found(text)
