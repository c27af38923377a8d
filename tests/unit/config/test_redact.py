"""A configuration to look at, without its secrets."""

from __future__ import annotations

import json

from vizgate.config import load_text, redacted
from vizgate.config.redact import HIDDEN

TEXT = """
services: {a: {targets: ["http://a"]}}
routes:
  - match: {path: /, headers: {X-Api-Key: hunter2-key}}
    service: a
    middleware:
      - use: headers
        request:
          set: {Authorization: "Bearer hunter2-auth", X-Team: blue}
      - use: pkg:Class
        password: hunter2-pass
        endpoint: ${ENDPOINT}
        nested: [{client_secret: {file: s.txt}}]
"""


def test_redacted_hides_secrets_and_keeps_the_rest() -> None:
    """Values under telling names, and what variables gave to middleware, are not shown."""
    config = load_text(TEXT, environment={"ENDPOINT": "https://hunter2.example"})
    shown = redacted(config)
    text = json.dumps(shown)
    assert "hunter2" not in text
    first, second = shown["routes"][0]["middleware"]
    assert first["request"]["set"] == {"Authorization": "**********", "X-Team": "blue"}
    assert second["endpoint"] == "**********"


def test_redacted_hides_what_balancers_and_affinity_keep_secret() -> None:
    """The settings of a balancer of one's own are shown as those of middleware; a cookie's name is no secret."""
    text = """
services:
  a:
    targets: ["http://a"]
    balancer: {use: "pkg:Class", region: eu, key: "${KEY}"}
    affinity: {cookie: VZSID, secret: "${SECRET}"}
"""
    config = load_text(text, environment={"KEY": "hunter2-key", "SECRET": "hunter2" * 5})
    shown = redacted(config)
    assert "hunter2" not in json.dumps(shown)
    assert shown["services"]["a"]["balancer"] == {"use": "pkg:Class", "region": "eu", "key": "**********"}
    assert shown["services"]["a"]["affinity"] == {"cookie": "VZSID", "secret": "**********"}


def test_redacted_keeps_what_is_off() -> None:
    """A listener that is closed is shown as the YAML says it."""
    config = load_text("server: {admin: off}\nroutes: [{match: {path: /}, respond: {json: null}}]", environment={})
    shown = redacted(config)
    assert shown["server"] == {"admin": "off"}
    assert shown["routes"][0]["respond"] == {"json": None}


def test_redacted_can_be_read_again(sample: str) -> None:
    """Without secrets in it, what is shown is the same configuration, in the notation of the YAML."""
    config = load_text(sample, environment={})
    again = load_text(json.dumps(redacted(config)), environment={})
    assert again.model_dump() == config.model_dump()


def test_redacted_shows_flags() -> None:
    """A flag is no secret, whatever its name."""
    cors = "{origins: [http://a], credentials: true}"
    text = f"services: {{a: {{builtin: echo}}}}\nroutes: [{{match: {{path: /}}, service: a, cors: {cors}}}]"
    assert redacted(load_text(text, environment={}))["routes"][0]["cors"]["credentials"] is True


def test_redacted_authenticators_show_all_but_their_secrets() -> None:
    """What they are called is no secret, what is in them may be: hashes of passwords, peppers."""
    digest = "0" * 64
    password = "$argon2id$v=19$m=8,t=1,p=1$AAAAAAAAAAA$AAAAAAAAAAAAAAAA"
    text = f"""
auth:
  api_keys: {{kind: api_key, pepper: hunter2, keys: [{{id: a, user: acme, hash: "hmac-sha256:{digest}"}}]}}
  passwords: {{kind: basic, users: {{ann: {{password_hash: "{password}"}}}}}}
identity_headers: {{credential: X-Key-Id}}
"""
    shown = redacted(load_text(text, environment={}))
    assert "hunter2" not in json.dumps(shown)
    assert ("api_key", "acme") == (shown["auth"]["api_keys"]["kind"], shown["auth"]["api_keys"]["keys"][0]["user"])
    assert "**********" == shown["auth"]["passwords"]["users"]["ann"]["password_hash"]
    assert {"credential": "X-Key-Id"} == shown["identity_headers"]


def test_redacted_tells_who_has_a_token() -> None:
    """Names and roles, and neither a token nor its hash."""
    digest = "sha256:" + "0" * 64
    entries = f"[{{name: a, token: long-enough-token}}, {{name: b, hash: '{digest}', role: operator}}]"
    shown = redacted(load_text(f"server: {{admin_token: another-long-token, admin_tokens: {entries}}}"))
    assert {
        "admin_token": HIDDEN,
        "admin_tokens": [{"name": "a", "token": HIDDEN}, {"name": "b", "hash": HIDDEN, "role": "operator"}],
    } == shown["server"]


def test_redacted_hides_variables_in_settings_of_ones_own_wherever_they_stand() -> None:
    """Whatever a class of one's own is told out of a variable may be a secret."""
    text = (
        "plugins: [{use: 'a:B', url: '${NAME}'}]\n"
        "observe: {sinks: [{use: 'a:B', deep: {url: ['${NAME}']}}]}\n"
        "auth: {a: {kind: 'a:B', url: '${NAME}', plain: seen}}\n"
        "store: {kind: 'a:B', url: '${NAME}'}\n"
        "services: {s: {targets: ['http://a'], balancer: {use: 'a:B', url: '${NAME}'}}}\n"
    )
    shown = redacted(load_text(text, environment={"NAME": "hunter2"}))
    assert "hunter2" not in json.dumps(shown)
    assert {"kind": "a:B", "url": "**********", "plain": "seen"} == shown["auth"]["a"]
    assert [{"use": "a:B", "url": "**********"}] == shown["plugins"]


def test_redacted_shows_what_has_a_telling_name() -> None:
    """What people call a service or a limit is no secret, with an affinity cookie or without."""
    text = """
services:
  tokens: {targets: ["http://a"], affinity: {cookie: VZSID}}
  secrets: {builtin: echo}
limits: {api_keys: {algorithm: fixed_window, rate: 10/1h, key: ip}}
"""
    shown = redacted(load_text(text, environment={}))
    assert "VZSID" == shown["services"]["tokens"]["affinity"]["cookie"]
    assert {"builtin": "echo"} == shown["services"]["secrets"]
    assert "10/hour" == shown["limits"]["api_keys"]["rate"]


def test_redacted_hides_secrets_in_urls() -> None:
    """A parameter such as ``api_key`` and a login are hidden; where the URL leads to is not."""
    text = """
services:
  a: {discovery: {kind: http, url: "http://lists.example/all?api_key=hunter2&team=blue"}}
plugins: [{use: "pkg:Class", database: "postgres://me:hunter2@db.example/x"}]
"""
    shown = redacted(load_text(text, environment={}))
    assert "http://lists.example/all?api_key=REDACTED&team=blue" == shown["services"]["a"]["discovery"]["url"]
    assert "postgres://REDACTED@db.example/x" == shown["plugins"][0]["database"]
