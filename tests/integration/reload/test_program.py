"""``vizgate serve`` is told to reload, by a signal and by its file, while clients send as fast as they can."""

from __future__ import annotations

import asyncio
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.program import PATIENCE_S, Program, get
from tests.integration.reload.bench import OK
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer

RELOADS = 50


def configuration(number: int, target: str) -> str:
    """Another one for each *number*: the timeout of the route under load, and a route of its own."""
    return f"""
server: {{listen: 127.0.0.1:0, admin: "off"}}
observe: {{access_log: {{format: "off"}}}}
services:
  api: {{targets: ["{target}"], breaker: {{}}, health: {{passive: {{}}}}, timeouts: {{response: {10 + number}s}}}}
routes:
  - {{match: {{path: /api}}, service: api, timeout: {20 + number}s}}
  - {{match: {{path: /number}}, respond: {{text: "{number}"}}}}
"""


@pytest.fixture
def program(tmp_path: Path) -> Iterator[tuple[Program, Path]]:
    file = tmp_path / "vizgate.yaml"
    file.write_text(configuration(0, "http://127.0.0.1:9"))
    running = Program(["serve", str(file), "--watch"], tmp_path)
    yield running, file
    running.__exit__(None, None, None)


@pytest.mark.system
async def test_fifty_reloads_under_load_lose_no_request(tmp_path: Path, wrk: str) -> None:
    """Every answer is 200 and no connection breaks; the connections to the target stay, too."""
    file = tmp_path / "vizgate.yaml"
    upstream = ScriptedUpstream([answer(OK)] * 10**6)
    async with upstream:
        file.write_text(configuration(0, upstream.url))
        with Program(["serve", str(file)], tmp_path) as program:
            port = await asyncio.to_thread(program.wait_serving)
            load = await asyncio.create_subprocess_exec(
                wrk, "-t1", "-c16", "-d30s", f"http://127.0.0.1:{port}/api", stdout=subprocess.PIPE
            )
            await upstream.wait_for(lambda: len(upstream.connections) >= 8)
            for number in range(1, RELOADS + 1):
                file.write_text(configuration(number, upstream.url))
                program.signal(signal.SIGHUP)
                await asyncio.to_thread(program.wait_line, "was reloaded")
            assert b"50" == (await asyncio.to_thread(get, port, "/number"))[1]
            load.send_signal(signal.SIGINT)
            report = (await load.communicate())[0].decode()
            program.signal(signal.SIGTERM)
            assert 0 == (await asyncio.to_thread(program.wait_end))[0]
        assert len(upstream.connections) <= 16 + 1
    assert "Socket errors" not in report, report
    assert "Non-2xx" not in report, report
    assert int(re.search(r"(\d+) requests in", report)[1]) > 100  # type: ignore[index]  # else the line above fails


@pytest.fixture
def wrk() -> str:
    import shutil

    found = shutil.which("wrk")
    if found is None:
        pytest.skip("wrk is not installed: apt-get install wrk")
    return found


def test_hang_up_while_it_starts_is_obeyed_once_it_serves(tmp_path: Path) -> None:
    """It does not end the program, which may have read the file before it was changed."""
    slow = tmp_path / "slow.py"
    slow.write_text("import os, signal\nos.kill(os.getpid(), signal.SIGHUP)\nfrom vizgate import Middleware as Plain\n"
                    "class Slow(Plain): pass\n")  # fmt: skip
    file = tmp_path / "vizgate.yaml"
    text = configuration(0, "http://127.0.0.1:9").replace("/number}", "/number}, middleware: [{use: 'slow:Slow'}]")
    file.write_text(text)
    with Program(["serve", str(file)], tmp_path) as program:
        port = program.wait_serving()
        program.wait_line("was reloaded")
        assert (200, b"0") == get(port, "/number")
        program.signal(signal.SIGTERM)
        assert 0 == program.wait_end()[0]


def test_watch_reloads_when_the_file_changes(program: tuple[Program, Path]) -> None:
    """A file that is broken half-way is told and changes nothing; the next change is tried."""
    running, file = program
    port = running.wait_serving()
    file.write_text(configuration(1, "http://127.0.0.1:9")[:120])
    running.wait_line("was not reloaded")
    assert (200, b"0") == get(port, "/number")
    draft = file.with_suffix(".new")
    draft.write_text(configuration(2, "http://127.0.0.1:9"))
    draft.rename(file)
    running.wait_line("was reloaded")
    assert (200, b"2") == get(port, "/number")
    running.signal(signal.SIGTERM)
    assert 0 == running.process.wait(PATIENCE_S)
