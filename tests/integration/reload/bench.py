"""Gateways that are reloaded, and what can be counted of them.

In: ``config_of``, ``ask``, ``Kept``, ``counts``; components that are watched or fail. Not in: the cases.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import Awaitable
from pathlib import Path
from typing import Any, ClassVar

from vizgate.config import GatewayConfig, load_text
from vizgate.extension.contract import Middleware, MiddlewareConfig
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response
from vizgate.testing.raw_client import RawClient, RawResponse

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


def config_of(parts: dict[str, Any]) -> GatewayConfig:
    """*parts* with everything that a test does not care about."""
    server = {"listen": "127.0.0.1:0", "admin": "off", "shutdown_timeout": "5s", **parts.get("server", {})}
    observe = {"access_log": {"format": "off"}, **parts.get("observe", {})}
    text = json.dumps({"version": 1, **parts, "server": server, "observe": observe})
    return load_text(text, resolve=Registry(BUILTIN).resolve)


def says(text: str, path: str = "/", **more: Any) -> dict[str, Any]:
    """A route that answers *text*."""
    return {"name": f"{path} {text}", "match": {"path": path}, "respond": {"text": text}, **more}


def target(url: str, path: str = "/", **service: Any) -> dict[str, Any]:
    """A configuration with one service of one target."""
    return {
        "services": {"api": {"targets": [url], **service}},
        "routes": [{"name": "api", "match": {"path": path}, "service": "api"}],
    }


def request(path: str = "/", fields: bytes = b"", method: str = "GET") -> bytes:
    return f"{method} {path} HTTP/1.1\r\nHost: a.example\r\n".encode() + fields + b"\r\n"


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return free.getsockname()[1]


async def ask(client: RawClient, path: str = "/", fields: bytes = b"") -> RawResponse:
    await client.send(request(path, fields))
    return await client.read_response()


def client_of(gateway: Gateway, at: int = 0) -> RawClient:
    return RawClient("127.0.0.1", gateway.addresses[at][1])


async def retired(gateway: Gateway) -> None:
    """Wait until nothing is left of configurations before the present one."""
    await gateway._reloader.retirements.wait()


def counts(gateway: Gateway) -> dict[str, int]:
    """How much of everything that could grow there is; what plugins did wrong stays told."""
    state, cells = gateway.state, gateway.state.metrics._cells
    return {
        **{name: len(getattr(state, name)) for name in
           ("pools", "pool_users", "contexts", "targets", "breakers", "bulkheads", "watched", "probe_counts")},
        "kept": len(state.kept._things),
        "watchers": sum(len(target._watchers) for target in state.targets.values()),
        "told": sum(len(machine.changed) for machine in state.breakers.values()),
        "routes": len(cells.routes),
        "target series": len(cells.targets),
        "series": sum(len(family.series) for family in cells.counters.values() if "plugin" not in family.labels),
        "patrolled": len(state.sweeper.patrolled),
        "tasks": len(asyncio.all_tasks()),
        "files": len([*Path("/proc/self/fd").iterdir()]),
    }  # fmt: skip


class Watched(Middleware):
    """Remembers what becomes of each of its kind; one called ``fails`` does not start."""

    class Config(MiddlewareConfig):
        name: str

    log: ClassVar[list[str]] = []
    entered: ClassVar[asyncio.Event]
    release: ClassVar[asyncio.Event]

    @classmethod
    def begin(cls) -> None:
        cls.log.clear()
        cls.entered, cls.release = asyncio.Event(), asyncio.Event()

    async def start(self) -> None:
        self.log.append(f"start {self.config.name}")
        if self.config.name == "fails":
            raise ValueError("no luck")

    async def stop(self) -> None:
        self.log.append(f"stop {self.config.name}")

    def __call__(self, request: Request, forward: Handler) -> Awaitable[Response]:
        return self._pass(request, forward)

    async def _pass(self, request: Request, forward: Handler) -> Response:
        if request.path == "/slow":
            self.log.append(f"enter {self.config.name}")
            Watched.entered.set()
            await Watched.release.wait()
        response = await forward(request)
        response.headers["X-Name"] = self.config.name
        return response


USE = "tests.integration.reload.bench:Watched"
