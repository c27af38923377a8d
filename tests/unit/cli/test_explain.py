"""``vizgate explain``: the route, the losers, the policies, and the request that the upstream would get."""

from __future__ import annotations

import json
from typing import Any

import pytest

from vizgate.config.redact import HIDDEN

URL = "http://api.example.com/api/v1/users/7?x=1"


@pytest.fixture
def explain(run, shop):
    """The explanation of one request as JSON."""

    def call(*arguments: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(run("explain", shop, *arguments, "--json")[1])
        return found

    return call


def test_explain_route_names_winner_and_losers(explain):
    """Every route stands there once per host, in order of precedence, with the reason that decided."""
    found = explain("GET", URL)
    assert ("user", {"version": 1, "id": "7"}) == (found["route"], found["params"])
    assert ["user", "docs", "echoed", "gone"] == [verdict["route"] for verdict in found["routes"]]
    assert ["won", "path", "path", "path"] == [verdict["stage"] for verdict in found["routes"]]
    assert all(verdict["reason"] for verdict in found["routes"])


def test_explain_upstream_request_is_the_one_that_would_be_sent(explain):
    """Method, rewritten path, and fields as they go out, those that the gateway adds included."""
    upstream = explain("PUT", URL, "-H", "Connection: X-Hop", "-H", "X-Hop: 1", "-H", "X-Mine: 2")["upstream"]
    headers = dict(upstream["headers"])
    assert ("users", "127.0.0.1:3001") == (upstream["service"], upstream["target"])
    assert ("PUT", "/internal/users/7?x=1") == (upstream["method"], upstream["path"])
    assert headers.pop("X-Request-Id")
    assert {
        "Host": "api.example.com", "X-Mine": "2", "X-Forwarded-For": "127.0.0.1", "X-Forwarded-Proto": "http",
        "X-Forwarded-Host": "api.example.com", "Via": "1.1 vizgate", "X-Gateway": "vizgate", "Authorization": HIDDEN,
        "Content-Length": "0",
    } == headers  # fmt: skip


def test_explain_scheme_of_url_is_what_the_client_spoke(explain):
    """An https URL means a client that came over TLS."""
    headers = dict(explain("GET", "https://api.example.com/api/v1/users/7")["upstream"]["headers"])
    assert "https" == headers["X-Forwarded-Proto"]


def test_explain_secrets_are_hidden_unless_typed(run, shop):
    """A secret of the configuration is not shown anywhere; what the reader has typed is known already."""
    plain = run("explain", shop, "GET", URL)[1]
    assert "c2VjcmV0" not in plain + run("explain", shop, "GET", URL, "--json")[1]
    assert "Cookie: a=b" in run("explain", shop, "GET", URL, "-H", "Cookie: a=b")[1]


def test_explain_middleware_tells_what_it_did(explain):
    """What a middleware changes is told line by line, both ways."""
    (step,) = explain("GET", URL)["middleware"]
    assert ("headers", True, 200, "") == (step["use"], step["forwarded"], step["status"], step["error"])
    assert ["+ X-Gateway: vizgate", f"+ Authorization: {HIDDEN}"] == step["request_changes"]
    assert ["+ X-Via: us"] == step["response_changes"]


def test_explain_policies_tell_value_and_place(explain):
    """Every limit that holds is told with where it is written."""
    policies = {policy["what"]: (policy["value"], policy["path"]) for policy in explain("GET", URL)["policies"]}
    assert ("1MiB", "routes[0].body_limit") == policies["longest body"]
    assert ("5s", "routes[0].timeout") == policies["time for everything"]
    assert ("20s", "services.users.timeouts.total") == policies["total timeout"]
    assert ("round_robin", "services.users.balancer") == policies["choice of target"]
    assert ("preserve", "services.users.host_header") == policies["Host"]


def test_explain_tells_how_targets_are_chosen(run, tmp_path):
    """Priorities, zones, weights, the rule, and whether clients stay."""
    file = tmp_path / "balancing.yaml"
    file.write_text("""
services:
  it:
    targets: [{url: http://a, zone: eu}, {url: http://b, weight: 2, priority: 1}]
    balancer: {hash: {on: ip}}
    affinity: {cookie: SID}
routes: [{match: {path: /}, service: it}]
""")
    found = json.loads(run("explain", str(file), "GET", "http://x/", "--json")[1])
    policies = {policy["what"]: policy["value"] for policy in found["policies"]}
    assert "http://a (zone eu), http://b (weight 2, priority 1)" == policies["targets"]
    assert ("hash of ip", "cookie SID") == (policies["choice of target"], policies["clients stay with their target"])


def test_explain_default_limit_names_server(explain):
    """A limit that the route does not set is the server's."""
    policies = {policy["what"]: policy["path"] for policy in explain("GET", "http://a/docs")["policies"]}
    assert {"longest body": "server.limits.body"} == policies


def test_explain_builtin_service_is_shown_what_it_sees(explain):
    """A built-in service gets a request, too; there is only nobody to connect to."""
    found = explain("GET", "http://a/echo/x?debug=1", "-H", "X-Canary: yes")
    assert ("echo", "builtin", "/x?debug=1") == tuple(found["upstream"][key] for key in ("service", "target", "path"))
    assert {"from": "/echo/x?debug=1", "to": "/x?debug=1"} == found["rewrite"]


def test_explain_condition_that_fails_is_the_reason(explain):
    """A route that would have matched but for a header says so."""
    found = explain("GET", "http://a/echo/x?debug=1")
    reasons = {verdict["route"]: verdict["reason"] for verdict in found["routes"]}
    assert "" == found["route"]
    assert "no header fulfils x-canary" in reasons["echoed"]


@pytest.mark.parametrize(
    ("method", "url", "code", "status"),
    [
        ("GET", "http://a/docs", 0, 308),
        ("GET", "http://a/old/x", 0, 410),
        ("POST", URL, 1, 405),
        ("GET", "http://a/nothing", 1, 404),
        ("GET", "http://a/docs/..%2fx", 1, 400),
        ("CONNECT", "http://a/docs", 1, 501),
        ("GET", "http://a/health", 1, 200),
    ],
)
def test_explain_exit_code_tells_whether_a_route_takes_it(run, shop, method, url, code, status):
    """0 with a route, 1 without; the gateway's own answer is shown with its status."""
    found, out, err = run("explain", shop, method, url)
    assert (code, "") == (found, err)
    assert f"\nAnswer\n  {status} " in out or out.startswith(f"Answer\n  {status} ")
    assert ("  none: " in out) == (code == 1)


def test_explain_host_header_replaces_urls_host(explain):
    """As with curl, a Host of one's own goes out instead of the URL's."""
    found = explain("GET", "http://127.0.0.1/api/v1/users/7", "-H", "Host: api.example.com")
    assert ("user", "api.example.com") == (found["route"], found["request"]["authority"])


def test_explain_text_has_every_part(run, shop):
    """The text for people has the same parts, each under its heading."""
    code, out, err = run("explain", shop, "get", URL)
    assert (0, "") == (code, err)
    assert ["Request", "Route", "Other routes", "Middleware", "Policies", "Path and query",
            "Upstream request to service users, 127.0.0.1:3001", "Answer"] == [
        part.splitlines()[0] for part in out.split("\n\n")]  # fmt: skip
    assert "  GET /internal/users/7?x=1 HTTP/1.1\n  Host: api.example.com\n" in out
    assert "  user: service users, as /internal/users/{id}\n" in out


def test_explain_many_routes_shows_near_ones(run, write):
    """With many routes, those that differ in host or path are counted; JSON has them all."""
    routes = "".join(f"  - {{match: {{path: /r{n}}}, respond: {{status: 200}}}}\n" for n in range(40))
    near = "  - {name: near, match: {path: /r7, headers: {a: b}}, respond: {status: 200}}\n"
    file = write(f"version: 1\nroutes:\n{routes}{near}")
    out = run("explain", file, "GET", "http://a/r7")[1]
    assert "  near  *  /r7  no header fulfils" in out
    assert "and 39 whose host or path is another" in out
    assert 41 == len(json.loads(run("explain", file, "GET", "http://a/r7", "--json")[1])["routes"])


def test_explain_preflight_tells_of_the_route_that_answers_it(run, write):
    """A preflight is explained by the route of the request that it asks for, and by what the rule says to it."""
    file = write("""\
version: 1
services: {echo: {builtin: echo}}
routes:
  - {name: user, match: {path: /users, methods: [PUT]}, service: echo, cors: {origins: ["https://a.example"]}}
  - {name: rest, match: {path: /*}, service: echo}
""")
    asked = ("-H", "Origin: https://a.example", "-H", "Access-Control-Request-Method: PUT")
    found = json.loads(run("explain", file, "OPTIONS", "http://localhost/users", *asked, "--json")[1])
    assert ("user", 403) == (found["route"], found["answer"]["status"])
    assert "the method 'PUT' is not allowed to pages of other origins" == found["answer"]["detail"]
    assert {"user": "won", "rest": "precedence"} == {each["route"]: each["stage"] for each in found["routes"]}
    assert [("cors", False)] == [(step["use"], step["forwarded"]) for step in found["middleware"]]


GATED = """\
version: 1
services: {users: {targets: ["http://127.0.0.1:1"]}}
auth:
  keys:
    kind: api_key
    keys:
      - {id: a-1, user: acme, tier: gold,
         hash: "sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b"}
identity_headers: {user: X-User}
defaults: {auth: keys}
routes:
  - {name: own, match: {path: /own}, service: users}
  - {name: write, match: {path: /write}, service: users, auth: [keys], scopes: [write], claims: {dept: [it, hr]}}
  - {name: open, match: {path: /open}, service: users, auth: none}
"""


def test_explain_gate_tells_who_came_and_what_they_needed(run, write):
    """Which authenticators are asked, who was found and how, what the service is told; the key itself stays hidden."""
    file = write(GATED)
    found = json.loads(run("explain", file, "GET", "http://a/own", "-H", "X-API-Key: secret", "--json")[1])
    assert ["auth", "auth"] == [step["use"] for step in found["middleware"]]
    assert ["identity acme (tier gold, by keys, with a-1)"] == found["middleware"][0]["request_changes"]
    assert ["X-User", "acme"] in found["upstream"]["headers"]
    policies = {policy["what"]: (policy["value"], policy["path"]) for policy in found["policies"]}
    assert ("keys (api_key)", "defaults.auth") == policies["who is it"]
    assert ("X-User", "identity_headers") == policies["told to the service"]


def test_explain_gate_tells_why_not(run, write):
    """A refusal is told with its reason, and what the route needs stands beside it."""
    file = write(GATED)
    out = run("explain", file, "GET", "http://a/write", "--as", "user=acme,scopes=read+list")[1]
    assert "identity acme (scopes list read)" in out
    assert "auth, scopes, claims: answered with 403 itself" in out
    assert "403 Forbidden: missing scope: write" in out
    assert '"it" or "hr"' in out
    out = run("explain", file, "GET", "http://a/write", "--as", "user=acme,scopes=write,claim.dept=it")[1]
    assert "X-User: acme" in out


def test_explain_public_route_is_told_as_one(run, write):
    """Where authenticators exist, a route without says so."""
    out = run("explain", write(GATED), "GET", "http://a/open")[1]
    assert "not asked: public" in out


def test_explain_tells_where_targets_come_from(run, tmp_path):
    """Of a discovered service; nobody is asked."""
    config = tmp_path / "vizgate.yaml"
    config.write_text(
        "services: {a: {discovery: {kind: dns, name: api.internal, port: 80}, targets: [http://10.0.0.9]}}\n"
        "routes: [{match: {path: /*}, service: a}]\n"
    )
    found = json.loads(run("explain", config, "GET", "http://h/", "--json")[1])
    policies = {policy["what"]: (policy["value"], policy["path"]) for policy in found["policies"]}
    assert ("http://10.0.0.9", "services.a.targets") == policies["targets"]
    assert ("found by dns api.internal A; nobody is asked here", "services.a.discovery") == policies["more targets"]
