"""vizgate as a library: each of the ways in which a program may use it, as the documentation shows it."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.integration.doors import uvicorn_serving
from vizgate import Gateway, Middleware, NoMatch, Request, Response, Router, WeightedRoundRobin
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient
from vizgate.testing.raw_client import RawClient, RawResponse

EXAMPLES = Path(__file__).parents[3] / "examples"
ECHO = """
version: 1
server: {{listen: "127.0.0.1:0", admin: "off"}}
services:
  echo: {{builtin: echo}}
routes:
  - name: all
    match: {{path: /*}}
    service: echo
    middleware: [{middleware}]
observe: {{access_log: "off"}}
"""


class Stamp(Middleware):
    """A class of the user's own, named by its import path."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        response = await forward(request)
        response.headers["X-Stamp"] = "mine"
        return response


async def ask(port: int, path: bytes = b"/hello") -> RawResponse:
    async with RawClient("127.0.0.1", port) as client:
        await client.send(b"GET %b HTTP/1.1\r\nHost: a.example\r\n\r\n" % path)
        return await client.read_response()


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "config.yaml"
    file.write_text(ECHO.format(middleware=f'{{use: "{__name__}:Stamp"}}'))
    return file


def test_components_work_alone() -> None:
    """A router and a balancer need no gateway, no loop and no configuration."""
    router = Router.of({"/users/{id:int}": "users", "GET /health": "health"})
    found = router.match("GET", "example.com", b"/users/7")
    assert not isinstance(found, NoMatch)
    assert ("users", {"id": 7}) == (found.value, found.params)
    balancer = WeightedRoundRobin.of([3, 1])
    assert [0, 0, 1, 0] == [balancer.pick() for _ in range(4)]


async def test_gateway_from_yaml_serves_inside_its_block(config: Path) -> None:
    """``async with Gateway.from_yaml(...)`` listens, serves and is gone afterwards; the user's class is at work."""
    async with Gateway.from_yaml(config) as gateway:
        port = gateway.addresses[0][1]
        response = await ask(port)
        assert (200, b"mine") == (response.status, response.get(b"x-stamp"))
        assert "/hello" == json.loads(response.body)["path"]
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection("127.0.0.1", port)


async def test_gateway_from_yaml_is_an_asgi_application(config: Path) -> None:
    """``app = Gateway.from_yaml(...)`` runs under an ASGI server as it is."""
    async with uvicorn_serving(Gateway.from_yaml(config)) as port:
        response = await ask(port)
    assert (200, b"mine") == (response.status, response.get(b"x-stamp"))


async def test_gateway_answers_without_any_socket(config: Path) -> None:
    """The same file serves a test in memory."""
    async with MemoryClient(Gateway.from_yaml(config)) as client:
        response = await client.get("/hello?x=1")
    assert ("mine", "x=1") == (response.headers["X-Stamp"], response.json()["query"])


async def test_module_beside_the_configuration_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """``use: my_filters:AddHeader`` finds the module in the folder of the configuration file."""
    monkeypatch.setattr(sys, "path", sys.path.copy())
    file = EXAMPLES / "own-middleware" / "vizgate.yaml"
    overrides = {"server.listen": "127.0.0.1:0", "server.admin": "off", "observe.access_log.format": "off"}
    async with Gateway.from_yaml(file, overrides) as gateway:
        assert b"my filter" == (await ask(gateway.addresses[0][1])).get(b"x-made-by")


def install(package: Path, target: Path) -> None:
    """Install *package* into *target* as pip does, without asking any index."""
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-build-isolation"]
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run([*command, "--target", str(target), str(package)], check=True, env=environment)


async def test_installed_package_brings_a_short_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A middleware of a separately installed distribution is used by the name of its entry point."""
    install(EXAMPLES / "plugin-package", tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    importlib.invalidate_caches()
    text = ECHO.format(middleware="{use: acme_server_timing, metric: acme}")
    try:
        async with Gateway.from_text(text) as gateway:
            response = await ask(gateway.addresses[0][1])
    finally:
        sys.modules.pop("acme_headers", None)
    timing = response.get(b"server-timing")
    assert timing is not None
    assert timing.startswith(b"acme;dur=")
