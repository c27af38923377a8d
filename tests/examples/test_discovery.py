"""The examples of discovery with the sources that they name: a name server, a file, a registry, an API server."""

from __future__ import annotations

import runpy
import shutil
import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.discovery.api_server import api_server, pod
from tests.integration.discovery.name_server import name_server
from tests.integration.discovery.told import Bench, backends, soon
from vizgate.config import load_config
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway
from vizgate.testing import check_discovery

EXAMPLES = Path(__file__).parents[2] / "examples"


@asynccontextmanager
async def served(file: Path, **overrides: Any) -> AsyncIterator[Bench]:
    registry = Registry(BUILTIN)
    fixed = {"server.listen": "127.0.0.1:0", "server.admin": "127.0.0.1:0", "observe.access_log.format": "off"}
    config = load_config(file, overrides=fixed | overrides, resolve=registry.resolve)
    async with Gateway(config, registry=registry) as gateway:
        yield Bench(gateway)


async def test_dns_example(monkeypatch: pytest.MonkeyPatch) -> None:
    """An SRV record leads to its target, and the name to its address."""
    async with backends(1) as (backend,), name_server() as server:
        monkeypatch.setenv("NAMESERVER", f"127.0.0.1:{server.port}")
        port = backend.address.partition(":")[2]
        server.put("api.internal.", "A", "127.0.0.1")
        server.put("_http._tcp.web.internal.", "SRV", f"10 60 {port} api.internal.")
        async with served(EXAMPLES / "discovery-dns" / "vizgate.yaml") as bench:
            assert {backend.address} == await bench.who(2)
            plans = bench.gateway.plan.services
            assert ["127.0.0.1:3001"] == [target.state.address for target in plans["api"].targets.targets]
            assert 2 == len(plans["web"].targets.targets)


async def test_file_example(tmp_path: Path) -> None:
    """The list as it stands, and another that takes its place."""
    for name in ("vizgate.yaml", "targets.yaml"):
        shutil.copy(EXAMPLES / "discovery-file" / name, tmp_path)
    async with backends(1) as (backend,), served(tmp_path / "vizgate.yaml") as bench:
        targets = (await bench.service())["targets"]
        assert [("127.0.0.1:3001", 1, []), ("127.0.0.1:3002", 3, []), ("127.0.0.1:3003", 1, ["leaving"])] == [
            (target["target"], target["weight"], target["blocked"]) for target in targets
        ]
        (tmp_path / "next.yaml").write_text(f"[{backend.address}]")
        (tmp_path / "next.yaml").rename(tmp_path / "targets.yaml")
        await bench.until(backend.address)
        assert {backend.address} == await bench.who(2)


async def test_http_example() -> None:
    """The registry beside the example lists the targets; without it they stay."""
    program = runpy.run_path(str(EXAMPLES / "discovery-http" / "registry.py"))
    server = program["serve"](0)
    server.RequestHandlerClass.log_message = lambda *_: None
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        async with backends(1) as (backend,):
            server.RequestHandlerClass.targets = [backend.address]
            url = f"http://127.0.0.1:{server.server_address[1]}/targets"
            async with served(
                EXAMPLES / "discovery-http" / "vizgate.yaml",
                **{"services.api.discovery.url": url, "services.api.discovery.interval": "100ms"},
            ) as bench:
                assert {backend.address} == await bench.who(2)
                record = bench.gateway.state.feeds["api"].record
                await soon(lambda: record.answers > 1)
                server.shutdown()
                server.server_close()
                await soon(lambda: record.in_a_row > 0)
                assert {backend.address} == await bench.who(2)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


async def test_kubernetes_example() -> None:
    """Pods come and go; what the account must be allowed to do is what the gateway does."""
    async with backends(1) as (backend,), api_server() as server:
        host, port = backend.address.split(":")
        ports = [{"name": "http", "port": int(port)}]
        server.put("shop-1", pod(host), service="shop", namespace="default", ports=ports)
        overrides = {"services.shop.discovery.url": server.url}
        async with served(EXAMPLES / "discovery-kubernetes" / "vizgate.yaml", **overrides) as bench:
            assert {backend.address} == await bench.who(2)
            server.put("shop-1", service="shop", namespace="default", ports=ports)
            await soon(lambda: not bench.gateway.plan.services["shop"].targets.targets)
            assert 503 == (await bench.ask())[0]
    documents = list(yaml.safe_load_all((EXAMPLES / "discovery-kubernetes" / "rbac.yaml").read_text("utf-8")))
    assert {"list", "watch"} == set(documents[1]["rules"][0]["verbs"])


async def test_own_example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder is a target; the class keeps the contract."""
    monkeypatch.syspath_prepend(str(EXAMPLES / "own-discovery"))
    folder, away = tmp_path / "targets", tmp_path / "away"
    folder.mkdir()
    monkeypatch.setenv("TARGETS", str(folder))
    mine = import_module("my_discovery")
    async with backends(1) as (backend,):
        (folder / backend.address).touch()
        async with served(EXAMPLES / "own-discovery" / "vizgate.yaml") as bench:
            assert {backend.address} == await bench.who(2)

    def fail() -> None:
        folder.rename(away)

    def mend() -> None:
        away.rename(folder)

    await check_discovery(
        lambda context: mine.Folder(mine.FolderConfig(path=str(folder)), context),
        change=(folder / "127.0.0.1:3002").touch,
        fail=fail,
        mend=mend,
    )
