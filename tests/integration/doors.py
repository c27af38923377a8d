"""The ways into a gateway over real sockets, so that one test can hold for all of them.

In: ``listening`` (the gateway's own listener), ``under_uvicorn`` (an ASGI server), both on free ports; ``settled``. Not
in: upstreams.
"""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from vizgate.gateway.server import Gateway
from vizgate.testing.raw_client import RawClient

_QUIET_TURNS = 300


@dataclass(frozen=True, slots=True)
class Door:
    """Where to knock. ``log``: the access log; it is whole once the door is closed."""

    port: int
    log: Path

    def client(self, *, receive_buffer: int = 0, timeout_s: float = 5.0) -> RawClient:
        return RawClient("127.0.0.1", self.port, timeout_s=timeout_s, receive_buffer=receive_buffer)

    def url(self, path: str, scheme: str = "http") -> str:
        return f"{scheme}://127.0.0.1:{self.port}{path}"

    def records(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


#: Opens a door to a gateway with this configuration.
DoorFactory = Callable[[dict[str, Any]], AbstractAsyncContextManager[Door]]


def configuration(log: Path, parts: dict[str, Any]) -> str:
    """*parts* with everything that a test does not care about, as YAML (JSON is YAML)."""
    server = {"listen": "127.0.0.1:0", "admin": "off", **parts.get("server", {})}
    observe = {"access_log": {"format": "json", "to": str(log)}}
    return json.dumps({"version": 1, **parts, "server": server, "observe": observe})


def gateway_of(log: Path, parts: dict[str, Any]) -> Gateway:
    return Gateway.from_text(configuration(log, parts))


@asynccontextmanager
async def listening(log: Path, parts: dict[str, Any]) -> AsyncIterator[Door]:
    """A gateway that listens itself."""
    async with gateway_of(log, parts) as gateway:
        yield Door(gateway.addresses[0][1], log)


class _Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listens = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets)
        except SystemExit:  # from a task it would end the loop of the test
            self.should_exit = True
        self.listens.set()


@asynccontextmanager
async def uvicorn_serving(app: Any, **settings: Any) -> AsyncIterator[int]:
    """*app* under uvicorn; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        # uvicorn believes X-Forwarded-* from 127.0.0.1 by default; whom to believe is the gateway's question here.
        config = uvicorn.Config(app, log_config=None, **{"lifespan": "on", "proxy_headers": False, **settings})
        server = _Server(config)
        serving = asyncio.create_task(server._serve(sockets=[sock]))
        listens = asyncio.create_task(server.listens.wait())
        await asyncio.wait([serving, listens], return_when=asyncio.FIRST_COMPLETED)
        listens.cancel()
        try:
            if not server.started:
                await serving
                raise RuntimeError("uvicorn did not start")
            yield sock.getsockname()[1]
        finally:
            server.should_exit = True
            await serving


@asynccontextmanager
async def under_uvicorn(log: Path, parts: dict[str, Any]) -> AsyncIterator[Door]:
    """A gateway as the application of an ASGI server."""
    async with uvicorn_serving(gateway_of(log, parts).asgi) as port:
        yield Door(port, log)


async def settled(measure: Callable[[], int]) -> int:
    """What *measure* gives once it has not changed for many turns of the loop: all that can move has moved."""
    last, quiet = measure(), 0
    while quiet < _QUIET_TURNS:
        await asyncio.sleep(0)
        now = measure()
        quiet = quiet + 1 if now == last else 0
        last = now
    return last
