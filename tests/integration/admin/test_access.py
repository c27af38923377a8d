"""Who may ask the admin listener for what: tokens, roles, hostile requests."""

from __future__ import annotations

import json

import pytest

from tests.integration.admin.bench import CONFIG, Bench, serving
from tests.integration.admin.conftest import Lines
from vizgate.auth.api_key.table import hash_key

TOKENS = [
    {"name": "grafana", "token": "r3ader-r3ader-r3ader"},
    {"name": "alice", "hash": hash_key(b"op3rator-op3rator"), "role": "operator"},
]
BLOCK = ("PUT", "/blocks/192.0.2.1", {"for": "1h"})


async def tried(bench: Bench, token: str) -> list[int]:
    """What *token* gets: looking, changing, metrics, health."""
    bench.token = token
    return [
        (await bench.admin("GET", "/status"))[0],
        (await bench.admin(*BLOCK))[0],
        (await bench.admin_raw("GET", "/metrics")).status,
        (await bench.admin("GET", "/health"))[0],
    ]


@pytest.mark.parametrize(
    ("token", "expected"),
    [
        ("s3cret-s3cret-s3cret", [200, 200, 200, 200]),
        ("op3rator-op3rator", [200, 200, 200, 200]),
        ("r3ader-r3ader-r3ader", [200, 403, 200, 200]),
        ("S3cret-s3cret-s3cret", [401, 401, 200, 200]),
        ("", [401, 401, 200, 200]),
    ],
)
@pytest.mark.parametrize(("host", "has_open_metrics"), [("127.0.0.1", False), ("0.0.0.0", False), ("0.0.0.0", True)])
async def test_each_role_gets_what_it_may(token: str, expected: list[int], host: str, has_open_metrics: bool) -> None:
    """A configured token is asked for on loopback, too; metrics are open there, and elsewhere if that is said."""
    server = {"admin": f"{host}:0", "admin_token": "s3cret-s3cret-s3cret", "admin_tokens": TOKENS}
    async with serving(**server, admin_open_metrics=has_open_metrics) as bench:
        is_open = host == "127.0.0.1" or has_open_metrics
        expected = [*expected[:2], 200 if is_open else expected[0], 200]
        assert expected == await tried(bench, token)


async def test_refusal_says_how_to_ask() -> None:
    """RFC 6750 3: no token, a wrong one, and one that is not enough."""
    async with serving(admin_tokens=TOKENS) as bench:
        challenges = []
        for token in ("", "wr0ng", "r3ader-r3ader-r3ader"):
            bench.token = token
            challenges.append((await bench.admin_raw("POST", "/drain")).get(b"www-authenticate"))
        realm = b'Bearer realm="vizgate admin"'
        assert [
            realm, realm + b', error="invalid_token"', realm + b', error="insufficient_scope", scope="operator"'
        ] == challenges  # fmt: skip
        assert bench.gateway.state.health.is_withdrawn is False


@pytest.mark.parametrize(
    "fields",
    [
        ["Authorization: Basic czNjcmV0"],
        ["Authorization: s3cret-s3cret-s3cret"],
        ["Authorization: Bearer"],
        ["Authorization: Bearer s3cret-s3cret-s3cret", "Authorization: Bearer s3cret-s3cret-s3cret"],
        ["Authorization: Bearer s3cret-s3cret-s3cret s3cret-s3cret-s3cret"],
        ["X-Authorization: Bearer s3cret-s3cret-s3cret"],
    ],
)
async def test_what_is_no_single_token_is_none(fields: list[str]) -> None:
    """Nobody need guess which one counts."""
    async with serving(admin_token="s3cret-s3cret-s3cret") as bench:
        assert 401 == (await bench.admin_raw("GET", "/status", b"", *fields)).status


async def test_guessing_is_slow_and_leaves_lines_without_the_guess(
    audit: Lines, caplog: pytest.LogCaptureFixture
) -> None:
    """After ten tries the next ones are answered 429; the log is not flooded, and the right token is taken always."""
    async with serving(admin_token="s3cret-s3cret-s3cret") as bench:
        bench.token = "gu3ss"
        statuses = [(await bench.admin(*BLOCK))[0] for _ in range(15)]
        assert [401] * 10 + [429] * 5 == statuses
        bench.token = "s3cret-s3cret-s3cret"
        assert 200 == (await bench.admin("GET", "/status"))[0]
        bench.token = "gu3ss"
        refused = await bench.admin_raw("GET", "/status")
        assert (429, [b"6"]) == (refused.status, refused.get_all(b"retry-after"))
        bench.clock.advance(6.0)
        assert 401 == (await bench.admin("GET", "/status"))[0]
    assert [("", None, "127.0.0.1", "refused", 401)] * 10 == [
        tuple(line[name] for name in ("who", "role", "peer", "result", "status")) for line in audit.changes
    ]
    assert 11 == sum("a wrong token was shown" in message for message in caplog.messages)
    assert not any("gu3ss" in text for text in [*audit.texts, *caplog.messages])


@pytest.mark.parametrize(
    ("fields", "local", "with_token"),
    [
        (["Host: evil.example"], 403, 200),
        (["Host: localhost:1"], 200, 200),
        (["Origin: http://evil.example"], 403, 403),
        (["Origin: null"], 403, 403),
        (["Host: gw.example", "Origin: http://gw.example", "Sec-Fetch-Site: same-origin"], 403, 200),
        (["Host: gw.example", "Origin: http://gw.example", "Sec-Fetch-Site: same-site"], 403, 403),
        (["Sec-Fetch-Site: cross-site"], 403, 403),
        (["Sec-Fetch-Site: none"], 200, 200),
        (["Via: 1.1 other"], 403, 403),
        (["X-Forwarded-For: 127.0.0.1", "Forwarded: for=127.0.0.1"], 200, 200),
    ],
)
async def test_what_a_page_or_a_proxy_can_send_is_refused(fields: list[str], local: int, with_token: int) -> None:
    """A token makes any name good and opens the door to the API's own pages, and to nobody else's."""
    async with serving() as bench:
        assert local == (await bench.admin_raw("POST", "/drain", b"", *fields)).status
    async with serving(token="s3cret-s3cret-s3cret", admin_token="s3cret-s3cret-s3cret") as bench:
        assert with_token == (await bench.admin_raw("POST", "/drain", b"", *fields)).status


async def test_route_to_the_admin_listener_does_not_open_it() -> None:
    """Not even for those who have a token: what comes through a proxy is refused."""
    async with serving(token="s3cret-s3cret-s3cret", admin_token="s3cret-s3cret-s3cret") as bench:
        assert bench.gateway.admin_address is not None
        there = f"http://127.0.0.1:{bench.gateway.admin_address[1]}"
        parts = {
            "services": {"a": {"targets": [there], "host_header": "target"}},
            "limits": {},
            "routes": [{"match": {"path": "/*"}, "service": "a"}],
        }
        async with serving(parts) as other:
            assert 403 == (await other.ask("/status", "Authorization: Bearer s3cret-s3cret-s3cret")).status
            assert (
                403 == (await other.ask("/drain", "Authorization: Bearer s3cret-s3cret-s3cret", method="POST")).status
            )


@pytest.mark.parametrize(
    ("body", "fields", "status"),
    [
        (b"", [], 400),
        (b"{", [], 400),
        (b'{"for": "1h", "for": "2h"}', [], 400),
        (b'{"for": NaN}', [], 400),
        (b"[" * 10_000, [], 400),
        (b"\xff", [], 400),
        (b"[]", [], 422),
        (b"null", [], 422),
        (b'{"for": "1h", "network": "0.0.0.0/0"}', [], 422),
        (b'{"for": "1h"}' + b" " * 20_000, [], 413),
        (b'{"for": "1h"}', ["Content-Type: text/plain"], 415),
        (b"for=1h", ["Content-Type: application/x-www-form-urlencoded"], 415),
        (b'{"for": "1h"}', ["Content-Type: application/json; charset=utf-8"], 200),
        (b'{"for": "1h"}', [], 200),
    ],
)
async def test_body_is_what_the_operation_asks_for(body: bytes, fields: list[str], status: int) -> None:
    """Or it is refused, with the reason and nothing of what it says."""
    async with serving() as bench:
        response = await bench.admin_raw("PUT", "/blocks/192.0.2.1", body, *fields)
        assert status == response.status
        if status != 200:
            assert [b"application/problem+json"] == response.get_all(b"content-type")
            assert not bench.gateway.state.blocked.is_active


async def test_body_that_breaks_its_framing_is_refused() -> None:
    """With an answer, and the connection ends."""
    async with serving() as bench:
        response = await bench.admin_raw("PUT", "/blocks/192.0.2.1", b"zz\r\n", "Transfer-Encoding: chunked")
        assert (400, True) == (response.status, response.says_close)


async def test_problems_of_a_body_have_their_places() -> None:
    """All of them at once."""
    async with serving() as bench:
        _, problem = await bench.admin("PUT", "/log-level", {"level": "loud", "for": "long", "until": 1})
        assert ["level", "for", "until"] == [text.partition(":")[0] for text in problem["problems"]]
        assert "loud" not in json.dumps(problem)


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("POST", "/status", 405, b"GET, HEAD"),
        ("GET", "/reload", 405, b"POST"),
        ("GET", "/drain", 405, b"POST"),
        ("OPTIONS", "/blocks/10.0.0.1", 405, b"DELETE, PUT"),
        ("GET", "/", 404, None),
        ("GET", "/status/", 404, None),
        ("GET", "//status", 404, None),
        ("GET", "/%2e/status", 404, None),
        ("HEAD", "/status", 200, None),
    ],
)
async def test_other_paths_and_methods_are_refused(method: str, path: str, status: int, allow: bytes | None) -> None:
    """HEAD goes with GET; no answer may be kept."""
    async with serving() as bench:
        response = await bench.admin_raw(method, path)
        assert (status, allow) == (response.status, response.get(b"allow"))
        assert [b"no-store"] == response.get_all(b"cache-control")
        assert (method == "HEAD") == (response.body == b"")


async def test_operations_are_not_on_the_public_listener() -> None:
    """There their paths are paths like any other."""
    async with serving({"routes": [CONFIG["routes"][0]], "limits": {}}) as bench:
        assert [200, 200] == [(await bench.ask(path)).status for path in ("/status", "/config")]
        assert b'"path":"/config"' in (await bench.ask("/config")).body
