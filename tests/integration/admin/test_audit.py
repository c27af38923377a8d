"""The audit log: a line for every change, and for every one that was refused."""

from __future__ import annotations

import asyncio
import json
import logging
import stat
from pathlib import Path

from tests.integration.admin.bench import serving
from tests.integration.admin.conftest import Lines
from vizgate.testing import ScriptedUpstream

TOKENS = [
    {"name": "grafana", "token": "r3ader-r3ader-r3ader"},
    {"name": "alice", "token": "op3rator-op3rator", "role": "operator"},
]


async def test_change_tells_who_what_before_and_after(audit: Lines) -> None:
    """A look leaves no line."""
    async with ScriptedUpstream() as upstream:
        services = {"a": {"targets": [upstream.url]}, "echo": {"builtin": "echo"}}
        routes = [{"match": {"path": "/*"}, "service": "a"}]
        async with serving(
            {"services": services, "limits": {}, "routes": routes}, "op3rator-op3rator", admin_tokens=TOKENS
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
    async with serving(token="r3ader-r3ader-r3ader", admin_tokens=TOKENS) as bench:
        await bench.admin("POST", "/drain")
        bench.token = "op3rator-op3rator"
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


async def test_lines_go_to_a_file(audit: Lines, tmp_path: Path) -> None:
    """It may be rotated at any time, and is not for everybody; the program's log has nothing of them then."""
    file = tmp_path / "audit.log"
    async with serving({"observe": {"access_log": "off", "audit_log": {"to": str(file)}}}) as bench:
        await bench.admin("POST", "/drain")
        file.rename(tmp_path / "audit.log.1")
        await asyncio.gather(*(bench.admin("POST", path) for path in ("/undrain", "/drain")))
    rotated = [json.loads(line)["operation"] for line in (tmp_path / "audit.log.1").read_text().splitlines()]
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert (["drain"], ["drain", "undrain"]) == (rotated, sorted(line["operation"] for line in lines))
    assert 0o640 == stat.S_IMODE(file.stat().st_mode) | 0o040
    assert [] == audit.texts


async def test_line_that_the_file_does_not_take_is_logged(audit: Lines, tmp_path: Path) -> None:
    """With the reason; the change is done all the same."""
    folder = tmp_path / "none"
    async with serving({"observe": {"access_log": "off", "audit_log": {"to": str(folder / "a.log")}}}) as bench:
        assert 200 == (await bench.admin("POST", "/drain"))[0]
    assert "cannot write" in audit.texts[0]
    assert "drain" == json.loads(audit.texts[1])["operation"]
