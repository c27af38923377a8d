"""Reloading by an operator's word."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.admin.bench import CONFIG, Bench
from tests.integration.admin.conftest import Lines
from vizgate.cli.main import main
from vizgate.gateway.server import Gateway
from vizgate.testing import ManualClock

TWO = {"name": "two", "match": {"path": "/two"}, "respond": {"status": 204}}


class File:
    """The configuration on disk."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.write()

    def write(self, **parts: Any) -> None:
        """``CONFIG`` with *parts* in the place of its own."""
        self.path.write_text(json.dumps({**CONFIG, **parts}))


@pytest.fixture
def file(tmp_path: Path) -> File:
    return File(tmp_path / "vizgate.yaml")


@pytest.fixture
async def bench(file: File) -> AsyncIterator[Bench]:
    async with Gateway.from_yaml(file.path) as gateway:
        yield Bench(gateway, ManualClock(0.0))


async def test_reload_serves_by_what_the_file_says_and_tells_what_changed(
    bench: Bench, file: File, audit: Lines
) -> None:
    """The audit line tells from what to what."""
    before = (await bench.admin("GET", "/status"))[1]["config"]
    assert (str(file.path), None) == (before["source"], before["failure"])
    file.write(routes=[*CONFIG["routes"], TWO])
    status, answer = await bench.admin("POST", "/reload")
    assert 200 == status
    assert ["+ routes.two"] == [line.partition(":")[0] for line in answer["changes"]]
    assert 204 == (await bench.ask("/two")).status
    after = (await bench.admin("GET", "/status"))[1]["config"]
    assert before["hash"] != answer["hash"] == after["hash"]
    assert [("reload", {"hash": before["hash"]}, answer)] == [
        (line["operation"], line["before"], line["after"]) for line in audit.changes
    ]


async def test_configuration_that_cannot_be_used_changes_nothing(bench: Bench, file: File, audit: Lines) -> None:
    """Every problem is told, with its place; so is the last failure, until a reload succeeds."""
    file.write(routes=[{**TWO, "service": "echo"}, {"match": {"path": "x"}, "service": "nobody"}])
    status, problem = await bench.admin("POST", "/reload")
    assert (422, 200) == (status, (await bench.ask()).status)
    assert len(problem["problems"]) >= 3
    assert all(f"{file.path}:1:" in text for text in problem["problems"])
    assert problem["problems"][0] in (await bench.admin("GET", "/status"))[1]["config"]["failure"]
    assert ["refused"] == [line["result"] for line in audit.changes]
    file.write()
    status, answer = await bench.admin("POST", "/reload")
    assert (200, []) == (status, answer["changes"])
    assert (await bench.admin("GET", "/status"))[1]["config"]["failure"] is None


async def test_what_cannot_be_done_now_is_a_conflict(bench: Bench, file: File) -> None:
    """An address that is taken; what serves goes on."""
    with_taken = {**CONFIG["server"], "listen": f"127.0.0.1:{bench.gateway.addresses[0][1]}"}
    file.write(server={**with_taken, "listen": ["127.0.0.1:0", with_taken["listen"]]})
    status, problem = await bench.admin("POST", "/reload")
    assert 409 == status
    assert "the configuration from before serves on" in problem["detail"]
    assert 200 == (await bench.ask()).status


async def test_reload_ends_what_holds_until_then(bench: Bench, file: File) -> None:
    """A limit is as configured again; a block and a drained gateway stay."""
    await bench.admin("PUT", "/limits/login", {"rate": "100/minute"})
    await bench.admin("PUT", "/blocks/203.0.113.7", {"for": "1h"})
    await bench.admin("POST", "/drain")
    assert 200 == (await bench.admin("POST", "/reload"))[0]
    assert [False] * 3 == [limit["changed"] for limit in (await bench.admin("GET", "/limits"))[1]["limits"]]
    assert 1 == len((await bench.admin("GET", "/blocks"))[1]["blocks"])
    assert "draining" == (await bench.admin("GET", "/status"))[1]["phase"]


async def test_tokens_change_with_it(bench: Bench, file: File) -> None:
    """From the next request on."""
    file.write(server={**CONFIG["server"], "admin_token": "s3cret-s3cret-s3cret"})
    assert 200 == (await bench.admin("POST", "/reload"))[0]
    assert 401 == (await bench.admin("GET", "/status"))[0]
    bench.token = "s3cret-s3cret-s3cret"
    assert 200 == (await bench.admin("GET", "/status"))[0]


async def test_command_tells_what_changed_or_every_problem(
    bench: Bench, file: File, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 0, or 1; the listener is the one that the file names."""
    assert bench.gateway.admin_address is not None
    address = f"127.0.0.1:{bench.gateway.admin_address[1]}"
    file.write(routes=[*CONFIG["routes"], TWO])
    assert 0 == await asyncio.to_thread(main, ["reload", "--admin", address])
    assert f"{address}: reloaded, 1 change\n  + routes.two: " in capsys.readouterr().out
    file.write(routes=[{**TWO, "service": "echo"}])
    assert 1 == await asyncio.to_thread(main, ["reload", "--admin", address])
    assert "the configuration cannot be used" in capsys.readouterr().err
    assert 0 == await asyncio.to_thread(main, ["status", "--admin", address])
    assert "the last reload was refused: " in capsys.readouterr().out


async def test_gateway_without_a_file_has_nothing_to_read() -> None:
    """It says so."""
    async with Gateway.from_text(json.dumps(CONFIG)) as gateway:
        status, problem = await Bench(gateway, ManualClock(0.0)).admin("POST", "/reload")
        assert 409 == status
        assert "file" in problem["detail"]


async def test_reload_that_moves_the_admin_listener_is_answered(bench: Bench, file: File, unused_tcp_port: int) -> None:
    """By the old one, which ends; the new one is there by then."""
    file.write(server={**CONFIG["server"], "admin": f"127.0.0.1:{unused_tcp_port}"})
    assert 200 == (await bench.admin("POST", "/reload"))[0]
    assert ("127.0.0.1", unused_tcp_port) == bench.gateway.admin_address
    assert 200 == (await bench.admin("GET", "/status"))[0]


async def test_reload_that_closes_the_admin_listener_is_answered(bench: Bench, file: File) -> None:
    """Nobody asks again."""
    file.write(server={**CONFIG["server"], "admin": "off"})
    assert 200 == (await bench.admin("POST", "/reload"))[0]
    assert bench.gateway.admin_address is None
