"""Every rule of the audit: a configuration that trips it, and one that is much the same and does not."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from vizgate.auth.api_key.table import hash_key
from vizgate.config import ConfigError, GatewayConfig, load_text
from vizgate.config.audit.audit import audit
from vizgate.config.audit.catalogue import BY_ID, RULES, rules_markdown
from vizgate.config.audit.hosts import is_everything, is_inside, is_loopback
from vizgate.config.audit.rule import Severity
from vizgate.config.audit.view import SeenCertificate
from vizgate.config.problems import format_path

NOW_S = 1_800_000_000.0  # 2027-01-15
OPEN = "server: {listen: '0.0.0.0:80'}\n"
HASH = hash_key(b"secret")
SECRET = "x" * 64


class Case(NamedTuple):
    """``bad`` trips the rule at ``path``; ``good`` does not."""

    rule: str
    path: str
    bad: str
    good: str


def service(more: str = "", target: str = "http://127.0.0.1:1", name: str = "s") -> str:
    return f"services: {{{name}: {{targets: ['{target}']{more}}}, echo: {{builtin: echo}}}}\n"


def route(more: str = "", match: str = "path: /, methods: [GET]", to: str = "service: s") -> str:
    return f"routes: [{{name: r, match: {{{match}}}, {to}{more}}}]\n"


def key(more: str) -> str:
    return f"auth: {{a: {{kind: api_key, keys: [{{id: k, user: u, hash: '{HASH}'{more}}}]}}}}\n"


def jwt(more: str, keys: str = "jwks_url: 'https://a/'") -> str:
    algorithm = "HS256" if keys.startswith("secret") else "RS256"
    return f"auth: {{a: {{kind: jwt, algorithms: [{algorithm}], {keys}{more}}}}}\n"


def using(entry: str, match: str = "path: /, methods: [GET]") -> str:
    return service() + route(f", middleware: [{entry}]", match)


GOOD_KEY = ", created: 2027-01-01, expires: 2027-12-31"
TLS = "server: {{listen: [{{address: '0.0.0.0:1', tls: {{cert: a.pem{}}}}}]}}\n"
HAND = (
    "{{use: headers, response: {{set: {{Access-Control-Allow-Origin: '{}', Access-Control-Allow-Credentials: '{}'}}}}}}"
)
INTROSPECTION = (
    "auth: {{a: {{kind: oauth2_introspection, endpoint: 'https://a/', client_id: a, client_secret: '${{SECRET}}'{}}}}}"
)
ADMIN = "server: {{admin: '{}', admin_token: '${{SECRET}}'{}}}\n"
FOUND = "services: {{s: {{discovery: {{{}}}}}}}\n"
TWO = "server: {{listen: [{{address: '0.0.0.0:1', tls: {{cert: a.pem}}}}, {{address: '0.0.0.0:2'{}}}]}}\n"
REDIS = "store: {{kind: redis, url: '{}'{}}}\n"

CASES = [
    Case("write-without-auth", "routes[0]", service() + route(match="path: /"),
         service() + key(GOOD_KEY) + route(", auth: a", "path: /")),
    Case("write-without-auth", "routes[0]", service() + route(match="path: /"), using(
        "{use: ip_filter, allow: [10.0.0.0/8]}", "path: /")),
    Case("write-without-auth", "routes[0]", TLS.format("") + service() + route(match="path: /"),
         TLS.format(", client_auth: {ca: a.pem}") + service() + route(match="path: /")),
    Case("route-without-limit", "routes[0]", OPEN + service() + route(),
         OPEN + service() + "limits: {l: {rate: 1/s}}\n" + route(", limit: l")),
    Case("route-without-limit", "routes[0]", OPEN + service() + route(), service() + route()),
    Case("route-without-limit", "routes[0]", OPEN + service() + route(),
         OPEN + service(", max_in_flight: 9") + route()),
    Case("echo-exposed", "routes[0]", OPEN + service() + route(to="service: echo"),
         service() + route(to="service: echo")),
    Case("fault-exposed", "routes[0].fault", OPEN + service() + route(", fault: {status: 503}"),
         OPEN + service() + route(", fault: {status: 503, header: X-Fault, secret: '${SECRET}'}")),
    Case("metrics-exposed", "server.public_endpoints[1]",
         "server: {listen: '0.0.0.0:80', public_endpoints: [health, metrics]}",
         "server: {listen: '0.0.0.0:80', public_endpoints: [health]}"),
    Case("admin-exposed", "server.admin", ADMIN.format("0.0.0.0:1", ""), ADMIN.format("127.0.0.1:1", "")),
    Case("admin-exposed", "server.admin", ADMIN.format("8.8.8.8:1", ""), ADMIN.format("10.0.0.1:1", "")),
    Case("admin-exposed-inside", "server.admin", ADMIN.format("10.0.0.1:1", ""), ADMIN.format("[::]:1", "")),
    Case("admin-metrics-open", "server.admin_open_metrics",
         ADMIN.format("10.0.0.1:1", ", admin_open_metrics: true"),
         ADMIN.format("127.0.0.1:1", ", admin_open_metrics: true")),
    Case("admin-token-short", "server.admin_token", "server: {admin_token: fifteen-letters}",
         "server: {admin_token: sixteen-letters-}"),
    Case("admin-token-short", "server.admin_tokens[0].token", "server: {admin_tokens: [{name: a, token: x}]}",
         "server: {admin_tokens: [{name: a, token: sixteen-letters-}]}"),
    Case("trusts-everybody", "server.trusted_proxies[0]", "server: {trusted_proxies: [0.0.0.0/1]}",
         "server: {trusted_proxies: [10.0.0.0/8]}"),
    Case("tls-version", "server.listen[0].tls.min_version", TLS.format(", min_version: '1.2'"), TLS.format("")),
    Case("tls-ciphers", "server.listen[0].tls.ciphers",
         TLS.format(", min_version: '1.2', ciphers: 'ECDHE+AESGCM:DES-CBC3-SHA'"),
         TLS.format(", min_version: '1.2', ciphers: 'ECDHE+AESGCM:!RC4:-3DES'")),
    Case("tls-ciphers", "server.listen[0].tls.ciphers",
         TLS.format(", min_version: '1.2', ciphers: 'HIGH:@SECLEVEL=0'"),
         TLS.format(", min_version: '1.2', ciphers: 'HIGH:@SECLEVEL=2'")),
    Case("credentials-without-tls", "server.listen[0]", OPEN + service() + key(GOOD_KEY) + route(", auth: a"),
         TLS.format("") + service() + key(GOOD_KEY) + route(", auth: a")),
    Case("credentials-without-tls", "server.listen[0]", OPEN + service() + key(GOOD_KEY) + route(", auth: a"),
         "server: {listen: '0.0.0.0:80', trusted_proxies: [10.0.0.1]}\n" + service() + key(GOOD_KEY)
         + route(", auth: a")),
    Case("plain-beside-tls", "server.listen[1]", TWO.format(""), TWO.format(", redirect_https: true")),
    Case("plain-beside-tls", "server.listen[1]", TWO.format(""), OPEN),
    Case("access-log-off", "observe.access_log", OPEN + "observe: {access_log: 'off'}", "observe: {access_log: 'off'}"),
    Case("credential-in-url", "routes[0].match.query.api_key",
         service() + route(match="path: /, methods: [GET], query: {api_key: present}"),
         service() + route(match="path: /, methods: [GET], query: {page: present}")),
    Case("credential-in-url", "routes[0].middleware[0].request.set.X-Api-Key",
         using("{use: headers, request: {set: {X-Api-Key: '{query.key}'}}}"),
         using("{use: headers, request: {set: {X-Api-Key: '{header.X-Key}', X-Page: '{query.page}'}}}")),
    Case("client-certificate-unused", "server.listen[0].tls.client_auth.mode",
         TLS.format(", client_auth: {ca: a.pem, mode: optional}"),
         TLS.format(", client_auth: {ca: a.pem, mode: optional}") + "auth: {m: {kind: mtls}}"),
    Case("request-id-believed", "observe.request_id.trust", OPEN + "observe: {request_id: {trust: true}}",
         "server: {listen: '0.0.0.0:80', trusted_proxies: [10.0.0.1]}\nobserve: {request_id: {trust: true}}"),
    Case("body-unlimited", "server.limits.body", "server: {limits: {body: 0}}", "server: {limits: {body: 1GiB}}"),
    Case("body-unlimited", "routes[0].body_limit", service() + route(", body_limit: 0"),
         service() + key(GOOD_KEY) + route(", body_limit: 0, auth: a")),
    Case("upload-rate-unlimited", "server.limits.body_rate", "server: {limits: {body_rate: 0}}",
         "server: {limits: {body_rate: 10}}"),
    Case("head-limit-high", "server.limits.head", "server: {limits: {head: 2MiB}}",
         "server: {limits: {head: 1MiB}}"),
    Case("limit-by-client-text", "routes[0].limit",
         service() + "limits: {l: {rate: 1/s, key: [ip, 'header:X-A']}}\n" + route(", limit: l"),
         service() + "limits: {l: {rate: 1/s, key: [ip, 'header:X-A']}, m: {rate: 1/s}}\n" + route(", limit: [l, m]")),
    Case("filter-without-effect", "routes[0].middleware[0].allow[1]",
         using("{use: ip_filter, allow: [10.0.0.0/8, '0.0.0.0/0']}"),
         using("{use: ip_filter, allow: ['0.0.0.0/0'], deny: [10.0.0.0/8]}")),
    Case("cors-credentials", "routes[0].middleware[0].response", using(HAND.format("*", "true")),
         using(HAND.format("https://a.example", "true"))),
    Case("cors-credentials", "routes[0].middleware[0].response", using(HAND.format("{header:Origin}", "True")),
         using(HAND.format("*", "false"))),
    Case("cors-wildcard-credentials", "routes[0].cors.origins[0]",
         service() + route(", cors: {origins: ['https://*.example.com'], credentials: true}"),
         service() + route(", cors: {origins: ['https://*.example.com']}")),
    Case("cors-plain-origin", "defaults.cors.origins[1]",
         "defaults: {cors: {origins: ['https://a.example', 'http://b.example'], credentials: true}}\n"
         + service() + route(),
         "defaults: {cors: {origins: ['https://a.example', 'http://localhost:3000'], credentials: true}}\n"
         + service() + route()),
    Case("cors-null-origin", "routes[0].cors.origins[0]", service() + route(", cors: {origins: ['null']}"),
         service() + route(", cors: {origins: ['*']}")),
    Case("cors-private-network", "routes[0].cors.origins[0]",
         service() + route(", cors: {origins: ['*'], private_network: true}"),
         service() + route(", cors: {origins: ['https://a.example'], private_network: true}")),
    Case("cookie-without-csrf", "routes[0]", service() + jwt(", cookie: c") + route(", auth: a", "path: /"),
         service() + jwt(", cookie: c")
         + route(", auth: a, middleware: [{use: csrf, cookies: [c]}]", "path: /")),
    Case("pattern-slow", "routes[0].middleware[0].rules[0].regex",
         using("{use: 'a:B', rules: [{regex: '(a+)+$'}]}"), using("{use: 'a:B', rules: [{regex: '^a+$'}]}")),
    Case("pattern-slow", "auth.a.patterns[0]", "auth: {a: {kind: 'a:B', patterns: ['(a|a)*b']}}",
         "auth: {a: {kind: 'a:B', names: ['(a|a)*b']}}"),
    Case("pattern-slow", "observe.sinks[0].pattern", "observe: {sinks: [{use: 'a:B', pattern: '(x*)*y'}]}",
         "observe: {sinks: [{use: 'a:B', pattern: x}]}"),
    Case("pattern-slow", "plugins[0].a.pattern", "plugins: [{use: 'a:B', a: {pattern: '(x*)*y'}}]",
         "plugins: [{use: 'a:B'}]"),
    Case("pattern-slow", "services.s.balancer.pattern", service(", balancer: {use: 'a:B', pattern: '(x*)*y'}"),
         service(", balancer: {use: 'a:B', pattern: x}")),
    Case("plain-secret", "auth.a.secret", jwt("", f"secret: {SECRET}"), jwt("", "secret: '${SECRET}'")),
    Case("plain-secret", "auth.a.secret", jwt("", f"secret: '${{UNSET:-{SECRET}}}'"),
         jwt("", f"secret: '${{SECRET:-{SECRET}}}'")),
    Case("plain-secret", "routes[0].match.query.token",
         service() + route(match="path: /, methods: [GET], query: {token: '${UNSET:-a}'}"),
         service() + route(match="path: /, methods: [GET], query: {token: '${SECRET:-a}${UNSET:-}'}")),
    Case("plain-secret", "server.admin_tokens[0].token",
         "server: {admin_tokens: [{name: ci, token: aaaaaaaaaaaaaaaa}]}",
         "server: {admin_tokens: [{name: ci, token: '${SECRET}'}]}"),
    Case("plain-secret", "routes[0].middleware[0].token.secret",
         using("{use: csrf, cookies: [c], token: {secret: SECRET, cookie: c}}".replace("SECRET", SECRET)),
         using("{use: csrf, cookies: [c], token: {secret: '${SECRET}', cookie: c}}")),
    Case("plain-secret", "plugins[0].db.api_key", "plugins: [{use: 'a:B', db: {api_key: x}}]",
         "plugins: [{use: 'a:B', token_url: 'https://a', db: {api_key: {file: x}, password: '${SECRET}'}}]"),
    Case("plain-secret", "store.password", "store: {kind: 'a:B', password: x}", "store: {kind: 'a:B', keys: x}"),
    Case("plain-secret", "routes[0].match.headers.x-api-key",
         service() + route(match="path: /, methods: [GET], headers: {X-Api-Key: abc}"),
         service() + route(match="path: /, methods: [GET], headers: {X-Api-Key: present}")),
    Case("plain-secret", "routes[0].middleware[0].request.add.Cookie",
         using("{use: headers, request: {add: {Cookie: [a, b]}}}"),
         using("{use: headers, request: {add: {Cookie: '{header:X-A}'}}}")),
    Case("plain-secret", "routes[0].middleware[0].request.set.X-Api-Key",
         using("{use: headers, request: {set: {X-Api-Key: abc}}}"),
         using("{use: headers, request: {set: {X-Api-Key: '${SECRET}'}}, response: {set: {X-Token: a}}}")),
    Case("secret-in-answer", "routes[0].respond.json.db.password",
         route(to="respond: {json: {db: {password: x}}}"), route(to="respond: {json: {error: bad_token}}")),
    Case("secret-in-answer", "routes[0].fallback.respond.headers.X-Api-Key",
         service() + route(", fallback: {respond: {status: 503, headers: {X-Api-Key: x}}}"),
         service() + route(", fallback: {respond: {status: 503}}")),
    Case("key-age", "auth.a.keys[0]", key(", created: 2026-01-01, expires: 2028-01-01"), key(GOOD_KEY)),
    Case("key-abbreviated", "auth.a.keys[0]", key(GOOD_KEY).replace(HASH, "sha256:2bb8..."), key(GOOD_KEY)),
    Case("key-expired", "auth.a.keys[0]", key(", created: 2027-01-01, expires: 2027-01-02"), key(GOOD_KEY)),
    Case("key-age-unknown", "auth.a.keys[0]", key(", expires: 2027-12-31"), key(", disabled: true")),
    Case("key-without-expiry", "auth.a.keys[0]", key(", created: 2027-01-01"), key(GOOD_KEY)),
    Case("token-without-expiry", "auth.a.require", jwt(", require: []"), jwt("")),
    Case("token-without-audience", "auth.a", jwt(", issuer: i"), jwt(", audience: a")),
    Case("introspection-without-audience", "auth.a", INTROSPECTION.format(""), INTROSPECTION.format(", audience: a")),
    Case("token-without-issuer", "auth.a", jwt(", audience: a"), jwt(", issuer: i")),
    Case("token-without-issuer", "auth.a", jwt(", audience: a"), jwt(", audience: a", "secret: '${SECRET}'")),
    Case("token-leeway", "auth.a.leeway", jwt(", leeway: 6m"), jwt(", leeway: 5m")),
    Case("revocation-fails-open", "auth.a.on_store_failure", jwt(", revocation: store, on_store_failure: allow"),
         jwt(", revocation: store")),
    Case("revocation-forgotten", "auth.a.revocation", jwt(", revocation: store"),
         jwt(", revocation: store") + "store: {kind: memory, persist: f}"),
    Case("authority-without-tls", "auth.a.jwks_url", jwt("", "jwks_url: 'http://idp.example/'"), jwt("")),
    Case("tls-not-verified", "services.s.tls.verify", service(", tls: {verify: false}", "https://a.example"),
         service("", "https://a.example")),
    Case("upstream-without-tls", "services.s.targets[0]", service("", "http://a.example"),
         service("", "https://a.example")),
    Case("upstream-without-tls", "services.s.targets[0]", service("", "http://8.8.8.8"),
         service("", "http://unix:/run/a.sock")),
    Case("discovery-without-tls", "services.s.discovery.url", FOUND.format("kind: http, url: 'http://a.example/'"),
         FOUND.format("kind: http, url: 'https://a.example/'")),
    Case("discovery-without-tls", "services.s.discovery.url",
         FOUND.format("kind: kubernetes, service: a, namespace: b, port: 1, url: 'http://10.0.0.1/'"),
         FOUND.format("kind: http, url: 'http://127.0.0.1/'")),
    Case("plain-secret", "services.s.discovery.token", FOUND.format("kind: 'a:B', token: x"),
         FOUND.format("kind: 'a:B', token: '${SECRET}'")),
    Case("upstream-without-tls-inside", "services.s.targets[0]", service("", "http://users"),
         service("", "http://localhost")),
    Case("host-from-client", "services.s", service("", "https://a.example") + route(),
         service(", host_header: target", "https://a.example") + route()),
    Case("host-from-client", "services.s", service("", "https://a.example") + route(),
         service("", "https://a.example") + route(match="path: /, methods: [GET], hosts: [b.example]")),
    Case("redirect-without-tls", "routes[0].redirect.to", route(to="redirect: {to: 'http://a.example/'}"),
         route(to="redirect: {to: /x}")),
    Case("timeout-off", "services.s.timeouts.response", service(", timeouts: {response: 0}") + route(),
         service(", timeouts: {response: 0}") + route(", timeout: 9s")),
    Case("timeout-off", "services.s.timeouts.response", service(", timeouts: {response: 0}") + route(),
         service(", timeouts: {response: 0, total: 9s}") + route()),
    Case("idle-timeout-off", "services.s.timeouts.idle", service(", timeouts: {idle: 0}"),
         service(", timeouts: {idle: 1h}")),
    Case("retry-of-writes", "services.s.retry.methods", service(", retry: {methods: [GET, POST]}"),
         service(", retry: {methods: [GET, PUT]}")),
    Case("retry-without-budget", "services.s.retry.budget", service(", retry: {budget: 100%}"),
         service(", retry: {budget: 100%, attempts: 1}")),
    Case("retry-without-time", "routes[0]", service(", retry: {on: [timeout]}") + route(", timeout: 15s"),
         service(", retry: {on: [timeout], per_try_timeout: 5s}") + route(", timeout: 15s")),
    Case("auth-without-time", "routes[0].timeout",
         service() + "auth: {a: {kind: forward_auth, url: 'https://a/'}}\n" + route(", auth: a, timeout: 3s"),
         service() + "auth: {a: {kind: forward_auth, url: 'https://a/', timeout: 1s}}\n"
         + route(", auth: a, timeout: 3s")),
    Case("store-without-tls", "store.url", REDIS.format("redis://cache", ""), REDIS.format("rediss://cache", "")),
    Case("store-without-password", "store", REDIS.format("rediss://cache", ""),
         REDIS.format("rediss://cache", ", password: '${SECRET}'")),
    Case("store-without-password", "store", REDIS.format("rediss://cache", ""), REDIS.format("unix:/run/r.sock", "")),
    Case("store-not-verified", "store.verify", REDIS.format("rediss://cache", ", verify: false"),
         REDIS.format("rediss://cache", "")),
    Case("version-ends-soon", "versions.1",
         "versions: {'1': {deprecated: 2026-12-01, sunset: 2027-02-01, successor: /v2/}}\n"
         + service() + route(match="path: '/v{version}/*', methods: [GET]"),
         "versions: {'1': {deprecated: 2026-12-01, sunset: 2027-12-01, successor: /v2/}}\n"
         + service() + route(match="path: '/v{version}/*', methods: [GET]")),
    Case("ignore-without-use", "audit.ignore[0]", "audit: {ignore: [{rule: tls-version, reason: x}]}",
         TLS.format(", min_version: '1.2'") + "audit: {ignore: [{rule: tls-version, reason: x}]}"),
]  # fmt: skip


def configured(text: str, base: Path) -> GatewayConfig:
    (base / "a.pem").write_text("")
    return load_text(text, environment={"SECRET": SECRET}, base=base)


def places(config: GatewayConfig, rule: str) -> list[str]:
    found = audit(config, NOW_S)
    assert all(BY_ID[one.rule].severity is one.severity for one in found)
    return [format_path(one.path) for one in found if one.rule == rule and one.ignored is None]


@pytest.mark.parametrize("case", CASES, ids=[f"{case.rule}-{number}" for number, case in enumerate(CASES)])
def test_rule_is_tripped_by_the_one_and_not_by_the_other(case: Case, tmp_path: Path) -> None:
    """Each rule finds what it is for, where it stands, and nothing in a configuration that has been mended."""
    assert [case.path] == places(configured(case.bad, tmp_path), case.rule)
    assert [] == places(configured(case.good, tmp_path), case.rule)


def with_server(text: str, **values: object) -> GatewayConfig:
    """The configuration *text* with settings that no file may have yet."""
    config = load_text(text, environment={})
    return config.model_copy(update={"server": config.server.model_copy(update=values)})


def test_rule_store_not_shared() -> None:
    """Several workers with a store each let a client through several times."""
    text = "store: memory\nlimits: {l: {rate: 1/s}}"
    assert ["store"] == places(with_server(text, workers=2), "store-not-shared")
    assert [] == places(with_server(text, workers=1), "store-not-shared")
    assert [] == places(with_server("store: shared\nlimits: {l: {rate: 1/s}}", workers=2), "store-not-shared")


@pytest.mark.parametrize(("rule", "weakness"), [("certificate-validity", ""), ("certificate-weak", "its key is short")])
def test_rule_about_certificates(rule: str, weakness: str) -> None:
    """What has been read of a certificate counts, since a rule reads no file."""
    seen = SeenCertificate(("server", "listen", 0, "tls", "cert"), 0.0, NOW_S + 1.0, weakness)
    config = load_text("version: 1", environment={})
    assert rule in [one.rule for one in audit(config, NOW_S, [seen])]
    assert [] == audit(config, NOW_S)


@pytest.mark.parametrize(
    "text",
    [
        service() + route(", cors: {origins: ['*'], credentials: true}"),
        "auth: {a: {kind: jwt, algorithms: [HS256], secret: short}}",
        "auth: {a: {kind: jwt, algorithms: [none], secret: '${SECRET}'}}",
        service() + route(match="path: /, headers: {x-a: {regex: '(a+)+$'}}"),
        route(match="path: '/{rest:path}'", to="redirect: {to: '//{rest}'}"),
        route(match="path: '/{host}'", to="redirect: {to: 'https://{host}/'}"),
        "server: {admin: 0.0.0.0:1}",
        "server: {listen: [{address: '0.0.0.0:1', proxy_protocol: true}]}",
        "store: 'redis://user:password@cache/0'",
        service("", "http://user:password@a.example"),
    ],
)
def test_what_is_refused_needs_no_audit(text: str) -> None:
    """Doors that nobody can mean are problems of the configuration, with or without an audit."""
    with pytest.raises(ConfigError):
        load_text(text, environment={"SECRET": SECRET})


def test_every_rule_has_a_test_and_a_page() -> None:
    """No rule without both sides tried, a stable id, a help text, and a row of the documentation."""
    alone = {"store-not-shared", "certificate-validity", "certificate-weak"}
    assert {rule.id for rule in RULES} == {case.rule for case in CASES} | alone
    assert len(BY_ID) == len(RULES)
    table = rules_markdown()
    for rule in RULES:
        assert f"| `{rule.id}` | {rule.severity.value} | {rule.title}. {rule.help} |" in table
        assert rule.help.endswith(".")
        assert not rule.title.endswith(".")


@pytest.mark.parametrize(
    ("host", "loopback", "inside"),
    [
        ("127.0.0.9", True, True), ("::1", True, True), ("localhost", True, True), ("a.localhost", True, False),
        ("10.0.0.1", False, True), ("192.168.1.1", False, True), ("fd00::1", False, True), ("users", False, True),
        ("users.default.svc.cluster.local", False, True), ("db.internal", False, True), ("169.254.1.1", False, True),
        ("example.com", False, False), ("8.8.8.8", False, False), ("2001:4860:4860::8888", False, False),
    ],
)  # fmt: skip
def test_hosts_are_here_inside_or_anywhere(host: str, *, loopback: bool, inside: bool) -> None:
    """How far a host is decides how bad plain text is on the way."""
    assert (loopback, inside) == (is_loopback(host), is_inside(host))


@pytest.mark.parametrize(
    ("network", "wanted"),
    [("0.0.0.0/0", True), ("128.0.0.0/1", True), ("::/0", True), ("2000::/3", True), ("10.0.0.0/8", False),
     ("fd00::/16", False), ("192.0.2.1", False), ("unix", False)],
)  # fmt: skip
def test_networks_that_name_nobody(network: str, *, wanted: bool) -> None:
    """A network that is nobody's own is everybody's."""
    assert wanted == is_everything(network)


def test_severities_are_in_order() -> None:
    """An error is at least a warning, a note is not."""
    assert Severity.ERROR.is_at_least(Severity.WARNING)
    assert Severity.NOTE.is_at_least(Severity.NOTE)
    assert not Severity.NOTE.is_at_least(Severity.WARNING)
