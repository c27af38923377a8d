"""A gateway over real sockets, its operator and its client.

In: ``Bench``, ``serving``. Not in: the tests.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from vizgate.config import load_text
from vizgate.gateway.server import Gateway
from vizgate.testing import ManualClock
from vizgate.testing.raw_client import RawClient, RawResponse

CONFIG: dict[str, Any] = {
    "version": 1,
    "server": {"listen": "127.0.0.1:0", "admin": "127.0.0.1:0"},
    "observe": {"access_log": {"format": "off"}},
    "services": {"echo": {"builtin": "echo"}},
    "limits": {
        "login": {"rate": "2/minute", "key": "ip"},
        "tiers": {"tiers": {"anonymous": {"rate": "100/minute", "burst": 20}, "gold": {"rate": "1000/minute"}}},
        "places": {"algorithm": "concurrency", "in_flight": 5},
    },
    "routes": [
        {"name": "all", "match": {"path": "/*"}, "service": "echo"},
        {"name": "login", "match": {"path": "/login"}, "service": "echo", "limit": ["login", "tiers", "places"]},
    ],
}


class Bench:
    """*gateway* by *clock*, a client and an operator, who shows *token* if there is one."""

    def __init__(self, gateway: Gateway, clock: ManualClock, token: str = "") -> None:
        self.gateway = gateway
        self.clock = clock
        self.token = token

    async def ask(self, path: str = "/x", *fields: str, method: str = "GET") -> RawResponse:
        """What a client is answered."""
        return await _exchange(self.gateway.addresses[0], method, path, [*fields, "Host: a.example"])

    async def statuses(self, path: str, count: int) -> list[int]:
        """Of *count* requests, one after the other."""
        return [(await self.ask(path)).status for _ in range(count)]

    async def admin_raw(self, method: str, path: str, body: bytes = b"", *fields: str) -> RawResponse:
        """What an operator is answered."""
        address = self.gateway.admin_address
        assert address is not None
        own = [f"Host: 127.0.0.1:{address[1]}"] if not any(field.startswith("Host:") for field in fields) else []
        if self.token:
            own.append(f"Authorization: Bearer {self.token}")
        if body and not any(field.startswith("Transfer-") for field in fields):
            own += [f"Content-Length: {len(body)}"]
        return await _exchange(address, method, path, [*fields, *own], body)

    async def admin(self, method: str, path: str, said: Mapping[str, Any] | None = None) -> tuple[int, Any]:
        """Status and JSON of an operator's answer."""
        body = b"" if said is None else json.dumps(said).encode()
        fields = [] if said is None else ["Content-Type: application/json"]
        response = await self.admin_raw(method, path, body, *fields)
        return response.status, json.loads(response.body)


async def _exchange(
    address: tuple[str, int], method: str, path: str, fields: list[str], body: bytes = b""
) -> RawResponse:
    lines = [f"{method} {path} HTTP/1.1", *fields, "Connection: close", "", ""]
    async with RawClient(*address, timeout_s=5.0) as client:
        await client.send("\r\n".join(lines).encode() + body)
        return await client.read_response(method)


@asynccontextmanager
async def serving(parts: Mapping[str, Any] | None = None, token: str = "", **server: Any) -> AsyncIterator[Bench]:
    """A gateway with ``CONFIG``, *parts* of it replaced, and *server* added to that part."""
    clock = ManualClock(100.0)
    config = {**CONFIG, **(parts or {})}
    config["server"] = {**config["server"], **server}
    async with Gateway(load_text(json.dumps(config)), clock=clock) as gateway:
        yield Bench(gateway, clock, token)
