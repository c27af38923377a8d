"""Authentication in a configuration: what fits together, and what could never work."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from vizgate.auth.api_key.table import hash_key
from vizgate.config import ConfigError, load_text

Refused = Callable[..., list[str]]

HASH = hash_key(b"secret")
KEYS = f"auth: {{keys: {{kind: api_key, keys: [{{id: a, user: u, hash: '{HASH}'}}]}}}}\n"


def route(more: str = "") -> str:
    return f"{{match: {{path: /}}, service: echo{', ' if more else ''}{more}}}"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (f"{KEYS}routes: [{route('auth: kyes')}]",
         "routes[0].auth: no authenticator named 'kyes'. Did you mean 'keys'?"),
        (f"{KEYS}routes: [{route('auth: [keys, toks]')}]",
         "routes[0].auth[1]: no authenticator named 'toks'. There are: keys"),
        (f"routes: [{route('auth: keys')}]", "routes[0].auth: no authenticator named 'keys'. Define it under auth"),
        (f"{KEYS}defaults: {{auth: kees}}\nroutes: [{route()}, {route('auth: none').replace('path: /', 'path: /b')}]",
         "defaults.auth: no authenticator named 'kees'. Did you mean 'keys'?"),
        (f"{KEYS}routes: [{route('scopes: [a]')}]", "routes[0].scopes: scopes has no effect on a public route."),
        (f"{KEYS}routes: [{route('claims: {a: b}')}]", "routes[0].claims: claims has no effect on a public route."),
        (f"{KEYS}defaults: {{auth: keys}}\nroutes: [{route('auth: none, scopes: [a]')}]",
         "routes[0]: scopes has no effect on a public route."),
        (KEYS.replace("keys: {kind", "none: {kind"), "auth.none: auth: none means that a route is public."),
        (f"{KEYS}identity_headers: {{user: X-API-Key}}",
         "identity_headers.user: X-API-Key carries the keys of keys"),
        (f"{KEYS}identity_headers: {{user: X-Forwarded-For}}",
         "identity_headers.user: X-Forwarded-For carries what the"),
        (f"{KEYS}identity_headers: {{tier: x-request-id}}",
         "identity_headers.tier: x-request-id carries the request id"),
        (f"{KEYS}identity_headers: {{user: Authorization}}",
         "identity_headers.user: Authorization carries credentials"),
        (f"{KEYS}identity_headers: {{user: Cookie}}",
         "identity_headers.user: Cookie carries cookies"),
        (f"{KEYS}identity_headers: {{user: X-A, claims: {{dept: x-a}}}}",
         "identity_headers.claims.dept: x-a carries another part of the identity"),
        (KEYS.replace(HASH, "open-sesame"), "auth.keys.keys[0].hash: must be 'sha256:'"),
        (KEYS.replace(", keys: [", ", keys: [{id: a, user: v, hash: 'sha256:" + "0" * 64 + "'}, "),
         "auth.keys: two keys have the same id: a"),
        (KEYS.replace("sha256:", "hmac-sha256:"), "auth.keys: the hash of a was made with a pepper"),
        ("auth: {keys: {kind: api_key}}", "auth.keys: there are neither keys nor keys_file."),
        (KEYS.replace("api_key,", "api_kee,"), "auth.keys.kind: no authenticator"),
        (KEYS.replace("api_key,", "api_key, header: X_Key,"), "auth.keys.header: X_Key is dropped from every request"),
        ("auth: {ask: {kind: forward_auth, url: 'http://h/', copy_headers: [X-A, Authorization]}}",
         "auth.ask.copy_headers[1]: Authorization carries credentials, which would be taken from every request."),
        ("auth: {ask: {kind: forward_auth, url: 'http://h/', request_headers: [X-Forwarded-For]}}",
         "auth.ask.request_headers[0]: X-Forwarded-For is a client's word about its way, and put aside."),
    ],
)  # fmt: skip
def test_auth_that_could_not_work_is_refused(refused: Refused, text: str, problem: str) -> None:
    """Names that lead nowhere, rules for nobody, and fields that something else needs, each in its place."""
    from vizgate.extension.registry import Registry
    from vizgate.gateway.builtin import BUILTIN

    found = refused(f"services: {{echo: {{builtin: echo}}}}\n{text}", resolve=Registry(BUILTIN).resolve)
    assert [True] == [line.split(" ", 1)[1].startswith(problem) for line in found], found
    assert "open-sesame" not in found[0]


def test_auth_reference_is_checked_in_a_faulty_route(refused: Refused) -> None:
    """A fault elsewhere does not hide a name that leads nowhere."""
    found = "\n".join(refused(f"{KEYS}routes: [{route('auth: [kyes], nope: 1')}]"))
    assert "routes[0].nope" in found
    assert "routes[0].auth[0]: no authenticator named 'kyes'" in found


def test_defaults_hold_for_routes_that_do_not_say_otherwise() -> None:
    """A route without ``auth`` has that of the defaults; ``none`` makes it public, a list of its own replaces it."""
    keys = KEYS.replace("auth: {", "auth: {other: {kind: api_key, keys: [{id: o, user: u, hash: '" + HASH + "'}]}, ")
    routes = [route(), route("auth: none"), route("auth: other"), route("scopes: [a]")]
    listed = ", ".join(one.replace("path: /", f"path: /{number}") for number, one in enumerate(routes))
    text = f"services: {{echo: {{builtin: echo}}}}\n{keys}defaults: {{auth: keys}}\nroutes: [{listed}]"
    assert [("keys",), (), ("other",), ("keys",)] == [one.auth for one in load_text(text, environment={}).routes]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- {id: b, user: u, hash: open-sesame}", "keys.yaml:1:26 keys[0].hash: must be 'sha256:'"),
        (
            "- {usr: u, id: b, user: u, hash: 'HASH'}",
            "keys.yaml:1:4 keys[0].usr: there is no key 'usr' here. Did",
        ),
        ("- {id: b}\n- {id: b}", "keys.yaml:1:3 keys[0]: hash is missing."),
        (f"- {{id: a, user: u, hash: 'sha256:{'0' * 64}'}}", "config.yaml:1:"),
        (f"- {{id: b, user: u, hash: '{HASH}'}}", "config.yaml:1:"),
        ("keys: []\nkees: []", "keys.yaml:2:1 kees: there is no key 'kees' here. Did you mean 'keys'?"),
        ("- !x {}", "keys.yaml:1:3"),
        ("", "keys.yaml:1:1"),
    ],
)
def test_keys_file_is_checked_when_it_is_loaded(refused: Refused, tmp_path: Path, text: str, problem: str) -> None:
    """A file of keys is held to the rules of the configuration, its problems have places in it, and show no key."""
    (tmp_path / "keys.yaml").write_text(text.replace("HASH", HASH))
    config = KEYS.replace("kind: api_key,", "kind: api_key, keys_file: keys.yaml,")
    found = refused(config, base=tmp_path)
    assert problem in found[0].removeprefix(f"{tmp_path}/")
    assert "open-sesame" not in "\n".join(found)


def test_keys_file_may_be_a_list_or_a_mapping(tmp_path: Path) -> None:
    """The form that ``vizgate keys new`` prints, with or without ``keys`` above it."""
    entry = {"id": "b", "user": "u", "hash": f"sha256:{'0' * 64}"}
    for content in ([entry], {"keys": [entry]}):
        (tmp_path / "keys.yaml").write_text(json.dumps(content))
        load_text("auth: {keys: {kind: api_key, keys_file: keys.yaml}}", environment={}, base=tmp_path)


def test_hash_that_is_cut_short_loads_as_the_hash_of_no_key() -> None:
    """Examples of the format show hashes in this way; three dots after anything else are a mistake."""
    entry = "{id: acme-1, hash: 'sha256:2bb8...', user: acme, tier: premium, scopes: [users:read], expires: 2027-01-01}"
    text = f"auth: {{api_keys: {{kind: api_key, header: X-API-Key, keys: [{entry}]}}}}"
    assert load_text(text, environment={}).auth["api_keys"].keys[0].is_abbreviated
    for wrong in ("sha256:...", "sha256:2BB8...", "2bb8...", "sha256:2bb8..", f"sha256:{'0' * 64}..."):
        with pytest.raises(ConfigError):
            load_text(text.replace("sha256:2bb8...", wrong), environment={})
