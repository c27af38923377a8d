"""Every example loads, passes its own ``tests``, and answers the same requests on a real socket."""

from __future__ import annotations

import asyncio
import json
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import urlsplit

import pytest
import uvicorn

from vizgate.cli.main import main
from vizgate.config import GatewayConfig, load_config
from vizgate.config.audit.audit import audit
from vizgate.config.model import CheckExpectation, CheckRequest
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "examples").rglob("vizgate.yaml"))
# About when the dates in them were written: keys in an example do not get old.
WRITTEN_S = 1_795_000_000.0
each_example = pytest.mark.parametrize("file", FILES, ids=lambda file: file.parent.name)


@pytest.fixture(autouse=True)
def _stand_in_example(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if "file" in request.fixturenames:
        monkeypatch.syspath_prepend(str(request.getfixturevalue("file").parent))
        # Counters start at nothing, whatever else runs on this machine or ran before.
        monkeypatch.setenv("COUNTERS", str(tmp_path / "counters"))
        monkeypatch.setenv("REDIS_URL", "redis://127.0.0.1:1/0")


@asynccontextmanager
async def recording_upstream(service: str) -> AsyncIterator[str]:
    """A server that answers every request with the path it was asked for; gives its URL."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        body = json.dumps({"service": service, "target": head.split(b" ", 2)[1].decode()}).encode()
        writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def served(file: Path) -> AsyncIterator[tuple[GatewayConfig, int]]:
    """The example at *file* on a free port, with a recording upstream in the place of each of its targets."""
    registry = Registry(BUILTIN)
    overrides: dict[str, Any] = {
        "server.listen": "127.0.0.1:0",
        "server.admin": "off",
        "observe.access_log.format": "off",
    }
    config = load_config(file, overrides=overrides, resolve=registry.resolve)
    with_targets = [name for name, service in config.services.items() if service.targets]
    with_sources = [name for name, service in config.services.items() if service.discovery]
    upstreams = [recording_upstream(name) for name in (*with_targets, *with_sources)]
    folder = TemporaryDirectory()
    try:
        for name, upstream in zip(with_sources, upstreams[len(with_targets) :], strict=True):
            listed = Path(folder.name) / f"{name}.yaml"
            listed.write_text(f"[{await upstream.__aenter__()}]")
            overrides[f"services.{name}.discovery"] = {"kind": "file", "path": str(listed)}
        for name, upstream in zip(with_targets, upstreams[: len(with_targets)], strict=True):
            count = len(config.services[name].targets)
            url = await upstream.__aenter__()
            weights = [target.weight for target in config.services[name].targets]
            overrides[f"services.{name}.targets"] = [{"url": url, "weight": weights[i]} for i in range(count)]
        config = load_config(file, overrides=overrides, resolve=registry.resolve)
        async with Gateway(config, registry=registry) as gateway:
            yield config, gateway.addresses[0][1]
    finally:
        folder.cleanup()
        for upstream in upstreams:
            await upstream.__aexit__(None, None, None)


def send(port: int, request: CheckRequest) -> tuple[HTTPResponse, bytes]:
    """Send *request* to the gateway, whatever host its URL names."""
    url = urlsplit(request.url)
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        target = (url.path or "/") + (f"?{url.query}" if url.query else "")
        fields = {"Host": url.netloc, **request.sent_fields}
        connection.request(request.method, target, request.sent_body or None, fields)
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def assert_expected(expect: CheckExpectation, response: HTTPResponse, body: bytes) -> None:
    if isinstance(expect.status, int):
        assert expect.status == response.status
    elif expect.service is not None:
        assert response.status == 200
    if expect.upstream_path is not None:
        seen = json.loads(body)
        target = seen.get("target") or seen["path"] + (f"?{seen['query']}" if seen["query"] else "")
        assert expect.upstream_path == target
    if expect.service is not None and b'"target"' in body:
        assert expect.service == json.loads(body)["service"]


@each_example
def test_example_passes_check(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``vizgate check`` finds nothing wrong with an example, and the example has tests."""
    code = main(["check", str(file)])
    assert 0 == code, capsys.readouterr()
    assert load_config(file).tests, "an example shows what it does under `tests`"


@each_example
def test_example_passes_the_audit(file: Path) -> None:
    """What is unwise in an example stands in its ignore list, with the reason; no entry there is without use."""
    found = audit(load_config(file), WRITTEN_S)
    assert [] == [(one.rule, one.path, one.message) for one in found if one.ignored is None]


@each_example
async def test_example_answers_as_its_tests_say(file: Path) -> None:
    """What ``vizgate check`` finds out in memory is also what happens on a socket."""
    async with served(file) as (config, port):
        for check in config.tests:
            if check.request.identity is not None:  # only a rehearsal takes somebody's word for who it is
                continue
            response, body = await asyncio.to_thread(send, port, check.request)
            assert_expected(check.expect, response, body)


def test_every_example_is_in_the_list() -> None:
    """The README of the examples lists every folder, and nothing else."""
    text = (ROOT / "examples" / "README.md").read_text("utf-8")
    folders = {path.name for path in (ROOT / "examples").iterdir() if path.is_dir() and path.name != "__pycache__"}
    listed = {line.partition("](")[2].partition("/")[0] for line in text.splitlines() if line.startswith("| [")}
    assert folders == listed


async def test_quickstart_changes_what_it_says() -> None:
    """The header that the quick start sets reaches the service, and the one for the client reaches the client."""
    file = ROOT / "examples" / "quickstart" / "vizgate.yaml"
    async with served(file) as (_, port):
        request = CheckRequest(method="GET", url="http://localhost/hello/world")
        response, body = await asyncio.to_thread(send, port, request)
        assert ["X-Gateway", "vizgate"] in json.loads(body)["headers"]
        assert response.headers["X-Frame-Options"] == "DENY"


def test_router_alone_needs_no_gateway() -> None:
    """The library example answers as its output says, without importing the gateway."""
    program = ROOT / "examples" / "library" / "route_table.py"
    run = f"import runpy, sys; runpy.run_path({str(program)!r}, run_name='__main__')"
    code = f"{run}; assert 'vizgate.gateway' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True)
    assert "GET /users/7 -> show a user {'id': 7}" in done.stdout
    assert "POST /users/7 -> 405, allowed: GET, HEAD, OPTIONS" in done.stdout


async def test_fastapi_example_answers_both_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Under uvicorn the example answers its own path, and what is mounted sees the path below the mount."""
    monkeypatch.syspath_prepend(str(ROOT / "examples" / "fastapi"))
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config("app:app", log_level="warning"))
    serving = asyncio.ensure_future(server.serve(sockets=[listener]))
    try:
        port = listener.getsockname()[1]
        own = CheckRequest(method="GET", url="http://localhost/hello")
        mounted = CheckRequest(method="GET", url="http://localhost/api/users/7")
        _, body = await asyncio.to_thread(send, port, own)
        assert json.loads(body) == {"hello": "from FastAPI"}
        _, body = await asyncio.to_thread(send, port, mounted)
        assert json.loads(body)["path"] == "/users/7"
    finally:
        server.should_exit = True
        await serving
        listener.close()
