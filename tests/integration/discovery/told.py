"""A source that says what a test tells it to, and a gateway before real servers."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from vizgate import Clock, Gateway, GatewayConfig
from vizgate.extension.kinds.discovery import Discovered, DiscoveredTarget, Discovery, DiscoveryConfig, DiscoveryFailed

#: What was told to sources, by their channel.
CHANNELS: dict[str, asyncio.Queue[Discovered | Exception]] = {}


class ToldConfig(DiscoveryConfig):
    channel: str = "main"


class Told(Discovery):
    Config = ToldConfig

    async def watch(self) -> AsyncIterator[Discovered]:
        while True:
            found = await CHANNELS[self.config.channel].get()
            # A queue that is not empty would not let the others have their turn.
            await asyncio.sleep(0)
            if isinstance(found, Exception):
                raise found
            yield found


USE = f"{__name__}:Told"


def tell(*targets: DiscoveredTarget | str, channel: str = "main") -> None:
    """Have the source say that these are all there are."""
    found = tuple(DiscoveredTarget.parse(target) if isinstance(target, str) else target for target in targets)
    CHANNELS[channel].put_nowait(Discovered(found))


def fail(message: str = "it is away", channel: str = "main") -> None:
    CHANNELS[channel].put_nowait(DiscoveryFailed(message))


async def soon(is_so: Callable[[], bool]) -> None:
    """Until it is so."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110  # what is waited for happens inside the gateway, which tells no test
            await asyncio.sleep(0.001)


class Backend:
    """An upstream on a free port. ``served``: its requests; ``hold``: they are answered when it is set;
    ``connections``: open now; ``status``: of its answers.
    """

    def __init__(self) -> None:
        self.served = 0
        self.hold = asyncio.Event()
        self.hold.set()
        self.connections: set[asyncio.StreamWriter] = set()
        self.accepted = 0
        self.status = 200
        self.address = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections.add(writer)
        self.accepted += 1
        try:
            while True:
                await reader.readuntil(b"\r\n\r\n")
                self.served += 1
                await self.hold.wait()
                body = self.address.encode()
                writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (self.status, len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.connections.discard(writer)
            writer.close()


@asynccontextmanager
async def backends(number: int, tls: ssl.SSLContext | None = None) -> AsyncIterator[list[Backend]]:
    async with AsyncExitStack() as stack:
        found = []
        for _ in range(number):
            backend = Backend()
            server = await asyncio.start_server(backend.serve, "127.0.0.1", 0, ssl=tls)
            backend.address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            stack.push_async_callback(_close, server, backend)
            found.append(backend)
        yield found


async def _close(server: asyncio.Server, backend: Backend) -> None:
    server.close()
    for writer in list(backend.connections):
        writer.transport.abort()
    await soon(lambda: not backend.connections)
    await server.wait_closed()


def config_of(service: dict[str, Any], **more: Any) -> GatewayConfig:
    """A gateway of one service, which everything goes to."""
    return GatewayConfig.model_validate(
        {
            "server": {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0"},
            "services": {"api": service},
            "routes": [{"name": "all", "match": {"path": "/*"}, "service": "api"}],
            "observe": {"access_log": {"format": "off"}},
            **more,
        }
    )


class Bench:
    """A gateway that serves, and what a client and an operator see of it."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    async def ask(self, cookie: str = "") -> tuple[int, str, str]:
        """Status, body, and the cookie that was set."""
        field = f"Cookie: {cookie}\r\n" if cookie else ""
        return await _exchange(self.gateway.addresses[0][1], f"GET /x HTTP/1.1\r\nHost: a\r\n{field}")

    async def who(self, times: int) -> set[str]:
        """Which backends answer so many requests."""
        return {(await self.ask())[1] for _ in range(times)}

    async def admin(self, path: str) -> tuple[int, Any]:
        address = self.gateway.admin_address
        assert address is not None
        status, body, _ = await _exchange(address[1], f"GET {path} HTTP/1.1\r\nHost: localhost\r\n")
        return status, json.loads(body) if body.startswith(("{", "[")) else body

    async def service(self) -> dict[str, Any]:
        return (await self.admin("/services/api"))[1]

    async def until(self, *addresses: str) -> None:
        """Until these are the targets of the plan that serves."""
        plan = self.gateway.plan.services
        await soon(lambda: sorted(addresses) == sorted(t.state.address for t in plan["api"].targets.targets))

    async def target(self, address: str) -> dict[str, Any]:
        """What operators see of one target."""
        return next(target for target in (await self.service())["targets"] if target["target"] == address)


async def _exchange(port: int, head: str) -> tuple[int, str, str]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(f"{head}Connection: close\r\n\r\n".encode())
        answer = (await reader.read()).decode()
    finally:
        writer.close()
    fields, _, body = answer.partition("\r\n\r\n")
    cookies = [
        line.partition(": ")[2].partition(";")[0] for line in fields.split("\r\n") if line.startswith("Set-Cookie")
    ]
    return int(answer.split()[1]), body, "".join(cookies)


@asynccontextmanager
async def serving(service: dict[str, Any], clock: Clock | None = None, **more: Any) -> AsyncIterator[Bench]:
    """A gateway whose service ``api`` asks a source that is told by ``tell``.

    Args: clock: of the gateway; with one that stands still no change has to wait for the one before.
    """
    CHANNELS["main"] = asyncio.Queue()
    source = {"kind": USE, "start_timeout": 0.01, **service.pop("discovery", {})}
    config = config_of({"discovery": source, **service}, **more)
    async with Gateway(config, clock=clock) as gateway:
        yield Bench(gateway)
