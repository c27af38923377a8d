"""A gateway over real sockets whose time a test moves, and upstreams with moods.

In: ``Bench``, ``Mood``, ``serving``. Not in: the tests.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from vizgate.config import load_text
from vizgate.gateway.server import Gateway
from vizgate.pipeline.target_state import Block, TargetState
from vizgate.testing import ManualClock
from vizgate.testing.raw_client import RawClient, RawResponse
from vizgate.testing.steps import Script, read_request
from vizgate.testing.upstream_connection import UpstreamConnection, Waiter


class Mood:
    """What an upstream answers with: *health* to ``/health``, *traffic* to everything else."""

    def __init__(self, health: int = 200, traffic: int = 200, body: bytes = b"ok") -> None:
        self.health = health
        self.traffic = traffic
        self.body = body
        #: Requests that were no probes.
        self.served = 0

    def script(self) -> Script:
        async def answer(connection: UpstreamConnection) -> None:
            while connection.is_open:
                await read_request()(connection)
                is_probe = connection.requests[connection.requests_taken - 1].target == b"/health"
                self.served += not is_probe
                status = self.health if is_probe else self.traffic
                head = b"HTTP/1.1 %d Mood\r\nContent-Length: %d\r\n\r\n" % (status, len(self.body))
                await connection.send(head + self.body)

        return [answer]


class Bench:
    """*gateway* by *clock*. ``ask`` is a client of its own each time."""

    def __init__(self, gateway: Gateway, clock: ManualClock) -> None:
        self.gateway = gateway
        self.clock = clock
        self._waiter = Waiter()
        for state in self.states():
            state.watch(self._waiter.notify)

    def states(self, service: str = "users") -> list[TargetState]:
        return [target.state for target in self.gateway.plan.services[service].targets.targets]

    def blocks(self, service: str = "users") -> list[Block]:
        return [state.blocks for state in self.states(service)]

    async def until(self, *blocks: Block) -> None:
        """Wait until the targets are blocked so."""
        await self._waiter.wait_for(lambda: list(blocks) == self.blocks(), 5.0)

    def probes(self, outcome: str, number: int = 0) -> int:
        labels = ("service", "target", "outcome")
        return (
            self.gateway.state.metrics.counters("health_probes", "", labels)
            .of("users", self.states()[number].address, outcome)
            .value
        )

    async def ask(self, path: str = "/x", *, timeout_s: float = 5.0) -> RawResponse:
        host, port = self.gateway.addresses[0]
        async with RawClient(host, port, timeout_s=timeout_s) as client:
            await client.send(f"GET {path} HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n".encode())
            return await client.read_response()

    async def statuses(self, count: int) -> list[int]:
        """Of *count* requests, one after the other."""
        return [(await self.ask()).status for _ in range(count)]

    async def admin(self, method: str, path: str, *fields: str) -> RawResponse:
        assert self.gateway.admin_address is not None
        host, port = self.gateway.admin_address
        lines = [f"{method} {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", "Connection: close", *fields, "", ""]
        async with RawClient(host, port, timeout_s=5.0) as client:
            await client.send("\r\n".join(lines).encode())
            return await client.read_response()


@asynccontextmanager
async def serving(targets: list[str], health: dict[str, Any], **service: Any) -> AsyncIterator[Bench]:
    """A gateway with the service ``users`` on *targets*, and two routes to it."""
    clock = ManualClock(100.0)
    text = json.dumps(
        {
            "version": 1,
            "server": {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0"},
            "observe": {"access_log": {"format": "off"}},
            "services": {"users": {"targets": targets, "health": health, **service}},
            "routes": [
                {"match": {"path": "/*"}, "service": "users"},
                {"match": {"path": "/other"}, "service": "users"},
            ],
        }
    )
    async with Gateway(load_text(text), clock=clock) as gateway:
        yield Bench(gateway, clock)


async def turn_until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until *condition* holds."""
    async with asyncio.timeout(5.0):
        while True:
            if condition():
                return
            await asyncio.sleep(0)
