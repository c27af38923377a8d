"""The audit log: a line for every change, and for every one that was refused."""

from __future__ import annotations

import logging

from tests.integration.admin.bench import serving
from tests.integration.admin.conftest import Lines
from vizgate.testing import ScriptedUpstream

TOKENS = [{"name": "grafana", "token": "r3ader"}, {"name": "alice", "token": "op3rator", "role": "operator"}]


async def test_change_tells_who_what_before_and_after(audit: Lines) -> None:
    """A look leaves no line."""
    async with ScriptedUpstream() as upstream:
        services = {"a": {"targets": [upstream.url]}, "echo": {"builtin": "echo"}}
        routes = [{"match": {"path": "/*"}, "service": "a"}]
        async with serving(
            {"services": services, "limits": {}, "routes": routes}, "op3rator", admin_tokens=TOKENS
        ) as bench:
            path = f"/services/a/targets/127.0.0.1:{upstream.port}/drain"
            response = await bench.admin_raw("POST", path)
            await bench.admin("GET", "/services")
            line = audit.changes[0]
            assert line.pop("time").endswith("Z")
            assert line.pop("request_id").encode() == response.get(b"x-request-id")
            assert {
                "who": "alice",
                "role": "operator",
                "peer": "127.0.0.1",
                "operation": "drain_target",
                "arguments": {"service": "a", "target": f"127.0.0.1:{upstream.port}"},
                "before": {"blocked": []},
                "after": {"blocked": ["drained"]},
                "result": "done",
                "status": 200,
            } == line
            assert 1 == len(audit.texts)


async def test_refused_change_tells_who_wanted_it(audit: Lines) -> None:
    """Whether for want of a role or because it cannot be done; what was wrong with a body, too."""
    async with serving(token="r3ader", admin_tokens=TOKENS) as bench:
        await bench.admin("POST", "/drain")
        bench.token = "op3rator"
        await bench.admin("POST", "/services/nobody/breaker/open")
        await bench.admin("PUT", "/log-level", {"level": "loud"})
    assert [
        ("grafana", "drain", "refused", 403),
        ("alice", "open_breaker", "refused", 404),
        ("alice", "change_log_level", "refused", 422),
    ] == [tuple(line[name] for name in ("who", "operation", "result", "status")) for line in audit.changes]
    assert "no service with targets" in audit.changes[1]["reason"]


async def test_line_is_written_whatever_the_level_is(audit: Lines) -> None:
    """Whoever silences the log is told of."""
    async with serving() as bench:
        await bench.admin("PUT", "/log-level", {"level": "critical"})
        await bench.admin("DELETE", "/log-level")
    assert [("local", "critical")] == [
        (line["who"], line["after"]["level"]) for line in audit.changes if line["operation"] == "change_log_level"
    ]
    assert logging.getLogger("vizgate.audit").isEnabledFor(logging.INFO)


async def test_secrets_of_urls_are_not_told(audit: Lines) -> None:
    """What is purged may be named by a URL with a token in it."""
    async with serving() as bench:
        await bench.admin("POST", "/cache/purge", {"url": "http://a.example/x?token=s3cret&a=1"})
    assert "http://a.example/x?token=REDACTED&a=1" == audit.changes[0]["arguments"]["url"]


async def test_pages_cannot_flood_it(audit: Lines) -> None:
    """What is refused because of where it comes from leaves a few lines a minute."""
    async with serving() as bench:
        for _ in range(15):
            assert 403 == (await bench.admin_raw("POST", "/drain", b"", "Origin: http://evil.example")).status
    assert 10 == len(audit.texts)
