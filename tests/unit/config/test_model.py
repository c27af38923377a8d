"""What the models hold after a load: every value of the sample, and every default."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from vizgate.config import GatewayConfig, ServiceConfig, TargetConfig, load_text
from vizgate.config.model import Address, TargetUrl
from vizgate.router.config import ConditionConfig
from vizgate.units import KIB, MIB


@pytest.fixture
def config(sample: str) -> GatewayConfig:
    return load_text(sample, "full.yaml", environment={})


def test_sample_server_holds_what_is_written(config: GatewayConfig) -> None:
    """Every key of ``server`` has its value, in seconds and bytes."""
    server = config.server
    assert config.version == 1
    assert [listener.address for listener in server.listen] == [Address("127.0.0.1", 8080)]
    assert server.admin == Address("127.0.0.1", 9900)
    assert (server.public_endpoints, server.workers, server.http, server.trusted_proxies) == ((), 1, "auto", ())
    assert server.limits.model_dump() == {
        "head": 64 * KIB,
        "headers": 100,
        "body": 10 * MIB,
        "head_timeout": 10.0,
        "body_idle": 30.0,
        "body_rate": KIB,
        "response_head": 64 * KIB,
        "idle_timeout": 75.0,
        "connections": 10_000,
    }
    assert server.shutdown_timeout == 30.0


def test_sample_services_hold_what_is_written(config: GatewayConfig) -> None:
    """Targets may be URLs or mappings; a service may be built in."""
    users, cases, echo = config.services["users"], config.services["cases"], config.services["echo"]
    assert [str(target.url) for target in users.targets] == ["http://127.0.0.1:3001", "http://127.0.0.1:3002"]
    assert (users.balancer, users.builtin) == ("round_robin", None)
    assert [(target.url, target.weight) for target in cases.targets] == [
        (TargetUrl("http", "127.0.0.1", 3003), 3),
        (TargetUrl("http", "127.0.0.1", 3004), 1),
    ]
    assert (cases.balancer, cases.host_header) == ("weighted", "preserve")
    assert cases.affinity is not None
    assert (cases.affinity.cookie, cases.affinity.max_age, cases.affinity.secret) == ("VZSID", 0.0, None)
    assert cases.timeouts.model_dump(exclude_none=True) == {
        "connect": 2.0,
        "response": 15.0,
        "idle": 60.0,
        "total": 60.0,
    }
    assert cases.pool.model_dump() == {"max_idle": 512, "idle_timeout": 60.0}
    assert (echo.builtin, echo.targets) == ("echo", ())


def test_sample_routes_hold_what_is_written(config: GatewayConfig) -> None:
    """Match, rewrite, limits and middleware of a route; redirects; fixed answers."""
    user, docs, maintenance = config.routes
    assert (user.name, user.service, user.body_limit, user.timeout) == ("user", "users", MIB, 5.0)
    assert user.match.path == "/api/v{version:int}/users/{id}"
    assert (user.match.methods, user.match.hosts) == (("GET", "PUT"), ("api.example.com", "*.example.org"))
    assert user.match.headers == {"x-canary": ConditionConfig(exact="yes")}
    assert user.match.query == {"debug": ConditionConfig(exact="1")}
    assert user.rewrite is not None
    assert user.rewrite.path == "/internal/users/{id}"
    assert [entry.use for entry in user.middleware] == ["headers", "ip_filter", "my_package.filters:AddHeader"]
    assert user.middleware[0].settings == {
        "request": {"set": {"X-Gateway": "vizgate"}, "remove": ["X-Debug"]},
        "response": {"set": {"X-Frame-Options": "DENY"}},
    }
    assert user.middleware[2].settings == {"name": "x-a", "value": "b"}
    assert docs.redirect is not None
    assert (docs.redirect.to, docs.redirect.status) == ("https://docs.example.com/", 308)
    assert maintenance.respond is not None
    assert (maintenance.respond.status, maintenance.respond.json_) == (410, {"error": "gone"})


def test_sample_observe_holds_what_is_written(config: GatewayConfig) -> None:
    """Access log, buckets and request ids."""
    assert config.observe.access_log.model_dump() == {"format": "json", "to": "stdout", "sample": 1.0}
    assert config.observe.metrics.buckets == (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
    assert config.observe.request_id.model_dump() == {"header": "X-Request-Id", "trust": False}


def test_sample_tests_hold_what_is_written(config: GatewayConfig) -> None:
    """A test has a request and what must come of it; a number and a text are not the same parameter."""
    first, second = config.tests
    assert (first.request.method, first.request.url) == ("GET", "http://api.example.com/api/v1/users/7")
    assert first.expect.model_dump() == {
        "route": "user",
        "service": "users",
        "status": "forwarded",
        "upstream_path": "/internal/users/7",
        "params": {"version": 1, "id": "7"},
    }
    assert second.expect.model_dump(exclude_none=True) == {"status": 405}


def test_sample_of_defaults_is_the_default(sample: str) -> None:
    """The sample writes the default of ``server`` and ``observe`` in full: leaving them out changes nothing."""
    written = load_text(sample, environment={})
    default = GatewayConfig()
    assert (written.server, written.observe) == (default.server, default.observe)


def test_route_without_name_is_called_by_its_path() -> None:
    """Logs and metrics need a name; a second route of the same path gets a number."""
    text = """
services: {echo: {builtin: echo}}
routes:
  - {match: {path: /a, methods: [GET]}, service: echo}
  - {match: {path: /a, methods: [PUT]}, service: echo}
  - {name: /b, match: {path: /c}, service: echo}
  - {match: {path: /b}, service: echo}
"""
    names = [route.name for route in load_text(text, environment={}).routes]
    assert names == ["/a", "/a (2)", "/b", "/b (2)"]


@pytest.mark.parametrize(
    ("written", "listen"),
    [
        ("127.0.0.1:80", [Address("127.0.0.1", 80)]),
        ("'[::1]:80'", [Address("::1", 80)]),
        ("localhost:0", [Address("localhost", 0)]),
        ("{address: 127.0.0.1:80}", [Address("127.0.0.1", 80)]),
        ("[127.0.0.1:80, {address: 127.0.0.1:81}]", [Address("127.0.0.1", 80), Address("127.0.0.1", 81)]),
    ],
)
def test_listen_takes_short_forms(written: str, listen: list[Address]) -> None:
    """One address, a mapping, or a list of either."""
    config = load_text(f"server: {{listen: {written}}}", environment={})
    assert [listener.address for listener in config.server.listen] == listen


def test_server_other_forms() -> None:
    """The admin listener can be off, networks may be addresses, limits may be off."""
    text = "server: {admin: off, trusted_proxies: [10.0.0.0/8, 127.0.0.1, 'fd00::/8'], limits: {body: 0, body_rate: 0}}"
    server = load_text(text, environment={}).server
    assert server.admin is None
    assert server.trusted_proxies == (ip_network("10.0.0.0/8"), ip_network("127.0.0.1/32"), ip_network("fd00::/8"))
    assert (server.limits.body, server.limits.body_rate) == (0, 0)


def test_access_log_takes_a_short_form() -> None:
    """A text alone is the format."""
    assert load_text("observe: {access_log: off}", environment={}).observe.access_log.format == "off"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("server: {listen: []}", "server.listen: must not be empty. Write at least one entry"),
        ("server: {admin: 0.0.0.0:9900}", "server.admin: others can reach 0.0.0.0:9900, and there is no token"),
        ("server: {admin: false}", "server.admin: must be an address"),
        ("server: {limits: {head: 1}}", "server.limits.head: must be at least 128, not the number 1"),
        ("server: {limits: {headers: 0}}", "server.limits.headers: must be at least 1, not the number 0"),
        ("server: {worker_timeout: 5ms}", "server.worker_timeout: must be at least 1s, not the text '5ms'"),
        ("observe: {audit_log: a.log}", "not a text. Write keys with their values here, as in {key: value}"),
        ("server: {limits: {headers: '5'}}", "must be a whole number, not the text '5'. Remove the quotes"),
        ("server: {limits: 5}", "server.limits: must be a mapping, not a number or a word"),
        ("server: {public_endpoints: [helth]}", "public_endpoints[0]: must be one of health, metrics, not the text"),
        ("services: {a: {}}", "services.a: a service has neither targets nor builtin"),
        ("services: {a: {builtin: echo, pool: {}}}", "services.a: a builtin service takes no pool"),
        ("services: {a: {targets: [{url: 'http://a', weight: 2}]}}", "weights have no effect with round_robin"),
        ("services: {a: {targets: [{url: 'http://a', weight: 2}], balancer: ewma}}", "no effect with ewma"),
        ("services: {a: {targets: [{url: 'http://a', priority: -1}]}}", "targets[0].priority: must be at least 0"),
        ("services: {a: {targets: [{url: 'http://a', zone: 'a b'}]}}", "targets[0].zone: must match the pattern"),
        ("server: {zone: -x}", "server.zone: must match the pattern"),
        ("services: {a: {targets: ['http://a'], balancer: rand}}", "must be one of round_robin, weighted, least_conn"),
        ("services: {a: {targets: ['http://a'], balancer: {hash: {on: user}}}}", "balancer.hash.on: 'user' cannot be"),
        ("services: {a: {targets: ['http://a'], balancer: {hash: {on: ip, load: 0.5}}}}", "hash.load: must be at"),
        ("services: {a: {targets: ['http://a'], balancer: {hsh: {on: ip}}}}", "no key 'hsh' here. Did you mean"),
        ("services: {a: {targets: ['http://a'], affinity: {cookie: A, secret: hunter2}}}", "secret: is too short to"),
        ("services: {a: {targets: ['http://a'], affinity: {}}}", "affinity: cookie is missing"),
        ("services: {a: {targets: [{url: 'http://a', weight: 0}], balancer: weighted}}", "must be at least 1"),
        ("services: {a: {targets: ['http://a'], tls: {verify: false}}}", "tls has no effect because no target is"),
        ("services: {a: {targets: ['https://a'], tls: {key: k.pem}}}", "cannot read the file"),
        ("services: {a: {targets: ['http://a'], host_header: Preserve}}", "Did you mean 'preserve'?"),
        ("services: {a: {targets: ['http://a'], host_header: 'a b'}}", "has no valid host"),
        ("services: {a: {targets: ['http://a'], timeouts: {connect: 0s}}}", "must be more than zero"),
        ("services: {a b: {builtin: echo}}", "services['a b']: the name may hold only letters"),
        ("routes: [{service: a}]", "routes[0]: match is missing. Add it"),
        ("routes: [{match: {path: /}}]", "routes[0]: a route has none of service, split, redirect and respond"),
        ("routes: [{match: {path: /}, respond: {}, redirect: {to: /a}}]", "a route has redirect and respond"),
        ("routes: [{match: {path: /}, respond: {}, rewrite: {path: /a}}]", "rewrite has no effect with respond"),
        ("routes: [{name: ' a', match: {path: /}, respond: {}}]", "routes[0].name: must be printable text"),
        ("routes: {a: 1}", "routes: must be a list, not a mapping"),
        ("observe: {metrics: {buckets: []}}", "observe.metrics.buckets: must not be empty"),
        ("observe: {metrics: {buckets: [1, 1]}}", "buckets must rise"),
        ("observe: {metrics: {buckets: [0]}}", "buckets must be seconds above zero"),
        ("observe: {request_id: {header: Content-Length}}", "observe.request_id.header: "),
        ("observe: {access_log: {to: ''}}", "must be stdout, stderr or the path of a file"),
        ("tests: [{request: {url: 'http://a/', method: get}, expect: {status: 200}}]", "tests[0].request.method: must"),
        ("tests: [{request: {url: 'http://a/', json: 1, body: x}, expect: {status: 400}}]", "json and body exclude"),
        ("tests: [{request: {url: 'http://a/'}, expect: {}}]", "tests[0].expect: nothing is expected"),
        ("tests: [{request: {url: 'http://a/'}, expect: {status: 99}}]", "expect.status: must be at least 100"),
        ("tests: [{request: {url: 'http://a/'}, expect: {status: ok}}]", "must be a whole number or forwarded"),
        ("version: 2", "version: must be at most 1, not the number 2"),
    ],
)  # fmt: skip
def test_value_that_cannot_be_meant_is_refused(refused: object, text: str, problem: str) -> None:
    """A value that contradicts another, or is out of bounds, is refused in words for people."""
    assert callable(refused)
    assert problem in "\n".join(refused(text))


def test_models_are_frozen_and_closed() -> None:
    """Configuration does not change after it was loaded, and in Python, too, unknown names are refused."""
    config = GatewayConfig()
    with pytest.raises(ValidationError, match="frozen"):
        config.server = config.server  # type: ignore[misc]
    with pytest.raises(ValidationError, match="extra_forbidden"):
        GatewayConfig.model_validate({"servr": {}})


def test_models_made_in_python_need_no_text() -> None:
    """A program can build the same configuration from values."""
    target = TargetConfig(url=TargetUrl("https", "api.internal", 443))
    service = ServiceConfig(targets=(target,))
    assert str(service.targets[0].url) == "https://api.internal"


@pytest.mark.parametrize(
    ("request_", "fields", "body"),
    [
        ("", {}, b""),
        (", json: null", {"Content-Type": "application/json"}, b"null"),
        (", json: {a: 1}, headers: {X-A: b}", {"X-A": "b", "Content-Type": "application/json"}, b'{"a": 1}'),
        (", json: [], headers: {content-type: a/b+json}", {"content-type": "a/b+json"}, b"[]"),
        (', body: "a=\u00e9"', {}, b"a=\xc3\xa9"),
    ],
)
def test_request_of_a_test_may_have_a_body(request_: str, fields: dict[str, str], body: bytes) -> None:
    """JSON brings its Content-Type along, unless there is one; nothing is a value of JSON, too."""
    text = "services: {s: {builtin: echo}}\nroutes: [{match: {path: /}, service: s}]\ntests: "
    config = load_text(text + f"[{{request: {{url: 'http://a/'{request_}}}, expect: {{status: 400}}}}]", environment={})
    request = config.tests[0].request
    assert (fields, body) == (request.sent_fields, request.sent_body)
