"""``vizgate status``, ``drain`` and ``reload`` against a running gateway."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.integration.admin.bench import Bench, serving
from vizgate.cli.main import main


class Shell:
    """Runs commands; ``address`` is where the gateway of *bench* is asked."""

    def __init__(self, bench: Bench, capsys: pytest.CaptureFixture[str]) -> None:
        self.bench = bench
        assert bench.gateway.admin_address is not None
        self.address = f"127.0.0.1:{bench.gateway.admin_address[1]}"
        self._capsys = capsys

    async def run(self, *arguments: str) -> tuple[int, str, str]:
        """Exit code, output and errors of ``vizgate`` with *arguments*."""
        self._capsys.readouterr()
        code = await asyncio.to_thread(main, list(arguments))
        return code, *self._capsys.readouterr()


@pytest.fixture
async def shell(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Shell]:
    """Beside a gateway that asks for a token, which a file there tells."""
    monkeypatch.chdir(tmp_path)
    tokens = [{"name": "a", "token": "r3ader-r3ader-r3ader"}]
    async with serving(admin_token="s3cret-s3cret-s3cret", admin_tokens=tokens) as bench:
        shell = Shell(bench, capsys)
        said = f"server: {{admin: '{shell.address}', admin_token: s3cret-s3cret-s3cret}}\nroutes: broken\n"
        (tmp_path / "vizgate.yaml").write_text(said)
        yield shell


async def test_status_tells_how_it_is(shell: Shell) -> None:
    """For people, and as JSON for programs."""
    shell.bench.clock.advance(3723.0)
    code, out, _ = await shell.run("status")
    assert 0 == code
    assert ": ready, up 1h 2m\n" in out
    code, out, _ = await shell.run("status", "--json")
    assert (0, "ready", []) == (code, json.loads(out)["status"]["phase"], json.loads(out)["services"])


async def test_drain_fails_readiness_and_undo_takes_it_back(shell: Shell) -> None:
    """It says what it waits for."""
    code, out, _ = await shell.run("drain", "--wait", "10ms")
    assert (0, True) == (code, shell.bench.gateway.state.health.is_withdrawn)
    assert f"{shell.address}: draining\nwaiting 0.01 s, so that load balancers see it" in out
    assert (0, f"{shell.address}: ready\n", "") == await shell.run("drain", "--undo")


async def test_refusal_is_exit_code_1(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wrong token, and one that is not enough; the command line wins over the variable, and that over the file."""
    code, _, err = await shell.run("status", "--token", "wr0ng")
    assert (1, True) == (code, err.endswith("  Give one with --token, or in the variable VIZGATE_ADMIN_TOKEN\n"))
    code, out, err = await shell.run("drain", "--token", "r3ader-r3ader-r3ader")
    assert (1, "", "vizgate: this needs a token with the role operator\n") == (code, out, err)
    monkeypatch.setenv("VIZGATE_ADMIN_TOKEN", "r3ader-r3ader-r3ader")
    assert 1 == (await shell.run("drain"))[0]
    assert 0 == (await shell.run("status", "--admin", shell.address))[0]
    assert 0 == (await shell.run("drain", "--token", "s3cret-s3cret-s3cret"))[0]


async def test_nobody_there_is_exit_code_4(shell: Shell, unused_tcp_port: int, tmp_path: Path) -> None:
    """Nor is somebody else who answers."""
    for address in (f"127.0.0.1:{unused_tcp_port}", f"unix:{tmp_path}/none.sock"):
        for command in ("status", "drain", "reload"):
            code, out, err = await shell.run(command, "--admin", address)
            assert (4, "") == (code, out)
            assert f"no gateway answers at {address}" in err
    public = f"127.0.0.1:{shell.bench.gateway.addresses[0][1]}"
    code, _, err = await shell.run("status", "--admin", public)
    assert (4, f"vizgate: what answers at {public} is no admin listener of vizgate\n") == (code, err)


async def test_no_listener_and_no_file_are_told(shell: Shell, tmp_path: Path) -> None:
    """Exit code 1: there is nothing to ask."""
    (tmp_path / "off.yaml").write_text("server: {admin: 'off'}")
    assert (1, "", "vizgate: off.yaml has no admin listener (server.admin: off)\n") == await shell.run(
        "status", "off.yaml"
    )
    assert 1 == (await shell.run("status", "none.yaml"))[0]
    assert 2 == (await shell.run("status", "--admin", "here"))[0]
    assert 2 == (await shell.run("drain", "--wait", "1s", "--undo"))[0]


async def test_unix_socket_is_asked(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """It is for its owner alone, so that there need be no token."""
    path = tmp_path / "a.sock"
    async with serving(admin=f"unix:{path}") as bench:
        code = await asyncio.to_thread(main, ["drain", "--admin", f"unix:{path}"])
        assert (0, True) == (code, bench.gateway.state.health.is_withdrawn)
    assert f"unix:{path}: draining\n" == capsys.readouterr().out
