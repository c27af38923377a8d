"""``vizgate check``: what is wrong is told with its place, and nothing is asked over a network."""

from __future__ import annotations

import datetime as dt
import re
import socket

import pytest
import trustme

from vizgate.cli.expectation import differences
from vizgate.config import CheckExpectation
from vizgate.gateway.rehearsal import Rehearsed, Step, UpstreamRequest

HEAD = """\
version: 1
services: {users: {targets: [http://127.0.0.1:1]}}
routes:
  - {name: user, match: {path: "/users/{id:int}", methods: [GET]}, service: users, rewrite: {path: "/u/{id}"}}
tests:
"""


def test_check_good_configuration_exits_with_0(run, shop):
    """A line that says so, and how much there is."""
    assert (0, f"{shop}: good (4 routes, 2 services; no tests)\n", "") == run("check", shop)


def test_check_passing_tests_are_counted(run, write):
    """What was tried is said, so that a file without tests does not look like a tested one."""
    file = write(
        HEAD + "  - request: {url: 'http://a/users/7?x=1'}\n"
        "    expect: {route: user, service: users, status: forwarded, upstream_path: '/u/7?x=1', params: {id: 7}}\n"
        "  - {request: {method: POST, url: 'http://a/users/7'}, expect: {status: 405}}\n"
    )
    assert (0, f"{file}: good (1 route, 1 service; 2 tests passed)\n", "") == run("check", file)


def test_check_failing_tests_are_told_with_places(run, write):
    """Each thing that is not as expected is a line: place, path, what was expected and what came."""
    file = write(
        HEAD + "  - request: {url: 'http://a/users/7'}\n"
        "    expect: {status: 405, upstream_path: /users/7, params: {id: '7', name: x}}\n"
        "  - {request: {url: 'http://a/no'}, expect: {route: user, service: users, status: forwarded}}\n"
        "  - {request: {url: 'http://a/users/7'}, expect: {route: user}}\n"
    )
    code, out, err = run("check", file)
    assert (1, "") == (code, out)
    assert [
        f"{file}:7:22 tests[0].expect.status: expected 405, got forwarded",
        f"{file}:7:42 tests[0].expect.upstream_path: expected /users/7, got /u/7",
        f"{file}:7:65 tests[0].expect.params.id: expected '7', got 7",
        f"{file}:7:76 tests[0].expect.params.name: expected 'x', got no such parameter",
        f"{file}:8:53 tests[1].expect.route: expected user, got no route (404)",
        f"{file}:8:68 tests[1].expect.service: expected users, got no service (404)",
        f"{file}:8:83 tests[1].expect.status: expected forwarded, got 404 (404)",
        f"{file}: 2 of 3 tests failed",
    ] == [re.sub(r" \(404: .*\)", " (404)", line) for line in err.splitlines()]


def test_check_test_from_environment_has_place(run, write, monkeypatch):
    """A test that stands in no file is told with what is nearest."""
    file = write(HEAD + "  - {request: {url: 'http://a/users/7'}, expect: {route: user}}\n")
    monkeypatch.setenv("VIZGATE_TESTS__0__EXPECT__STATUS", "404")
    code, _, err = run("check", file)
    assert 1 == code
    assert err.startswith(f"{file}:6:50 tests[0].expect.status: expected 404, got forwarded\n")


def test_check_header_that_cannot_be_sent_is_told(run, write):
    """A test's header that would split the message is a problem of the test."""
    file = write(HEAD + '  - {request: {url: "http://a/", headers: {A: "b\\r\\nC: d"}}, expect: {status: 404}}\n')
    code, _, err = run("check", file)
    assert 1 == code
    assert "tests[0].request.headers: a field value must not hold control bytes" in err


def test_check_failing_middleware_is_told(run, write):
    """When a middleware fails, the line says which and how; the gateway's own log stays quiet."""
    write("from vizgate import Middleware\nclass Broken(Middleware):\n    async def __call__(self, request, forward):\n"
          "        raise RuntimeError('no luck')\n", "check_broken.py")  # fmt: skip
    file = write(
        "version: 1\nservices: {echo: {builtin: echo}}\n"
        "routes: [{match: {path: /*}, service: echo, middleware: [{use: 'check_broken:Broken'}]}]\n"
        "tests: [{request: {url: 'http://a/'}, expect: {status: forwarded}}]\n"
    )
    code, _, err = run("check", file)
    assert 1 == code
    assert err.splitlines()[0].endswith(
        "expected forwarded, got 500 (middleware check_broken:Broken raised RuntimeError: no luck)"
    )
    assert 2 == len(err.splitlines())


def test_check_middleware_settings_are_checked(run, write):
    """The settings of middleware are part of the configuration, with their places."""
    file = write(
        "version: 1\nservices: {echo: {builtin: echo}}\n"
        "routes:\n  - match: {path: /*}\n    service: echo\n    middleware:\n      - {use: headers, reqest: {}}\n"
    )
    code, _, err = run("check", file)
    assert 1 == code
    assert err.startswith(f"{file}:7:")
    assert "'request'" in err


def test_check_opens_no_connection(run, write, monkeypatch):
    """Nothing is listened on and nobody is connected to."""
    file = write(HEAD + "  - {request: {url: 'http://a/users/7'}, expect: {status: forwarded}}\n")

    def refuse(*_args: object) -> None:
        raise AssertionError("a socket was used")

    for name in ("bind", "connect", "connect_ex", "listen"):
        monkeypatch.setattr(socket.socket, name, refuse)
    assert 0 == run("check", file)[0]


IMAGINED = Rehearsed(
    200, route="r", service="s", params={"id": 7}, upstream=UpstreamRequest("127.0.0.1:1", "GET", "/u", ())
)
BUILTIN = Rehearsed(200, route="r", service="s", upstream=UpstreamRequest("", "GET", "/u", ()))
LOCAL = Rehearsed(401, route="r", steps=(Step("guard", status=401),))


@pytest.mark.parametrize(
    ("result", "expect", "message"),
    [
        (IMAGINED, {"status": "forwarded", "route": "r", "service": "s", "upstream_path": "/u"}, None),
        (IMAGINED, {"params": {"id": 7}}, None),
        (IMAGINED, {"status": 200}, "expected 200, got forwarded"),
        (BUILTIN, {"status": "forwarded", "upstream_path": "/u"}, None),
        (BUILTIN, {"status": 200}, None),
        (BUILTIN, {"status": 404}, "expected 404, got 200"),
        (LOCAL, {"status": 401}, None),
        (LOCAL, {"status": "forwarded"}, "expected forwarded, got 401 (middleware guard answered with 401)"),
        (LOCAL, {"upstream_path": "/u"},
         "expected /u, got nothing was forwarded (middleware guard answered with 401)"),
    ],
)  # fmt: skip
def test_differences_are_what_is_written_and_not_so(result, expect, message):
    """Only what is written is compared; an upstream that was not asked has no status, a built-in service has one."""
    found = [text for _, text in differences(CheckExpectation(**expect), result)]
    assert ([] if message is None else [message]) == found


def test_check_audit_finds_what_is_unwise(run, shop):
    """With ``--audit`` a warning is a problem; each finding has its rule and its place."""
    code, out, err = run("check", shop, "--audit")
    assert (1, "") == (code, err)
    assert re.search(r"^warning  write-without-auth  \S+:9:5 +routes\[0\]: anybody may send PUT", out, re.MULTILINE)
    assert f"{shop}: audit found 2 warnings and 0 notes" in out


def test_check_audit_of_a_careful_configuration_is_good(run, write):
    """Notes alone are no problem, and nothing found is said, too."""
    file = write(HEAD.replace("tests:\n", ""))
    code, out, _ = run("check", file, "--audit")
    assert 0 == code
    assert out.endswith(f"{file}: audit found 0 warnings and 0 notes\n")


def test_check_identity_stands_in_for_a_verified_one(run, write):
    """``as`` passes the gate of a route with its scopes and tiers; without it a credential must be shown."""
    file = write(
        "version: 1\nservices: {echo: {builtin: echo}}\n"
        "auth: {keys: {kind: api_key, keys: [{id: a, user: acme, hash: "
        "'sha256:2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b'}]}}\n"
        "routes: [{name: r, match: {path: /*}, service: echo, auth: keys, scopes: [a], claims: {dept: it}}]\n"
        "tests:\n"
        "  - {request: {url: 'http://a/', as: {user: x, scopes: [a], claims: {dept: it}}}, expect: {status: 200}}\n"
        "  - {request: {url: 'http://a/', as: {user: x, scopes: [a]}}, expect: {status: 403}}\n"
        "  - {request: {url: 'http://a/', as: {user: x, claims: {dept: it}}}, expect: {status: 403}}\n"
        "  - {request: {url: 'http://a/'}, expect: {status: 401}}\n"
        "  - {request: {url: 'http://a/', headers: {X-API-Key: secret}}, expect: {status: 403}}\n"
        "  - {request: {url: 'http://a/', headers: {X-API-Key: wrong}}, expect: {status: 401}}\n"
    )
    code, out, err = run("check", file)
    assert (0, "") == (code, err)
    assert "6 tests passed" in out


def test_check_client_is_where_a_request_comes_from(run, write):
    """Rules about addresses can be tried: with another ``client``, and behind a trusted proxy with what it says."""
    file = write(
        "version: 1\nserver: {trusted_proxies: [192.0.2.1]}\nservices: {echo: {builtin: echo}}\n"
        "routes:\n  - name: r\n    match: {path: /*}\n    service: echo\n"
        "    middleware: [{use: ip_filter, allow: [10.0.0.0/8]}]\n"
        "tests:\n"
        "  - {request: {url: 'http://a/'}, expect: {status: 403}}\n"
        "  - {request: {url: 'http://a/', client: 10.1.2.3}, expect: {status: 200}}\n"
        "  - {request: {url: 'http://a/', client: 192.0.2.1, headers: {X-Forwarded-For: 10.9.9.9}},"
        " expect: {status: 200}}\n"
    )
    code, out, err = run("check", file)
    assert (0, "") == (code, err)
    assert "3 tests passed" in out
    assert run("explain", file, "GET", "http://a/", "--from", "10.1.2.3")[0] == 0
    code, _, err = run("explain", file, "GET", "http://a/", "--from", "10.1.2")
    assert 2 == code
    assert "'10.1.2' is not an IP address" in err


LISTENING = "server: {listen: [{address: a:1, tls: {cert: cert.pem, key: key.pem}}]}\n" + HEAD.partition("tests:")[0]


@pytest.fixture
def pair(tmp_path):
    """Writes ``cert.pem`` and ``key.pem`` beside a configuration, good for so many days."""

    def make(days=90):
        issued = trustme.CA().issue_cert(
            "a.example", not_after=dt.datetime.now(dt.UTC) + dt.timedelta(days=days, hours=1)
        )
        issued.private_key_pem.write_to_path(tmp_path / "key.pem")
        issued.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")

    return make


def test_check_refuses_a_key_of_another_certificate(run, write, pair, tmp_path):
    """A gateway that could not start is not good; the message names setting and files."""
    pair()
    file = write(LISTENING)
    assert 0 == run("check", file)[0]
    trustme.CA().issue_cert("a.example").private_key_pem.write_to_path(tmp_path / "key.pem")
    code, out, err = run("check", file)
    assert (1, "") == (code, out)
    assert "server.listen[0].tls.cert: cannot use " in err
    assert "the key is not that of the certificate" in err


def test_check_audit_tells_of_a_certificate_that_ends(run, write, pair):
    """A warning, at the place of the setting."""
    pair(days=3)
    code, out, _ = run("check", "--audit", write(LISTENING))
    assert 1 == code
    assert "certificate-validity" in out
    assert "server.listen[0].tls.cert: the certificate ends in 3 days. Renew it" in out
