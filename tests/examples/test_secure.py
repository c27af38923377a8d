"""The examples with TLS and Unix sockets, over the listeners that they name."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any

import trustme

from vizgate.config import load_config
from vizgate.config.model import Address
from vizgate.extension.registry import Registry
from vizgate.gateway.builtin import BUILTIN
from vizgate.gateway.server import Gateway

EXAMPLES = Path(__file__).parents[2] / "examples"


@asynccontextmanager
async def served(name: str) -> AsyncIterator[Gateway]:
    """The example *name* as it is, but for the ports."""
    registry = Registry(BUILTIN)
    overrides: dict[str, Any] = {"observe.access_log.format": "off"}
    if name != "unix-sockets":
        overrides["server.admin"] = "off"
    config = load_config(EXAMPLES / name / "vizgate.yaml", overrides=overrides, resolve=registry.resolve)
    free = [
        item.model_copy(update={"address": Address("127.0.0.1", 0)}) if isinstance(item.address, Address) else item
        for item in config.server.listen
    ]
    server = config.server.model_copy(update={"listen": tuple(free)})
    async with Gateway(config.model_copy(update={"server": server}), registry=registry) as gateway:
        yield gateway


def ask(connection: HTTPConnection, path: str, fields: dict[str, str]) -> tuple[int, dict[str, str], Any]:
    connection.request("GET", path, headers=fields)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response.status, dict(response.headers), json.loads(body) if body.startswith(b"{") else None


def secure(gateway: Gateway, folder: Path, cert: str = "") -> HTTPSConnection:
    context = ssl.create_default_context(cafile=folder / "clients.pem")
    if cert:
        context.load_cert_chain(cert)
    return HTTPSConnection("localhost", gateway.addresses[0][1], timeout=10, context=context)


async def test_tls_example(certificates: Path) -> None:
    """TLS is served with HSTS, and http is sent there."""
    async with served("tls") as gateway:
        status, fields, body = await asyncio.to_thread(ask, secure(gateway, certificates), "/hello", {})
        assert (200, "https") == (status, body["scheme"])
        assert "Strict-Transport-Security" in fields
        plain = HTTPConnection(*gateway.addresses[1], timeout=10)
        status, fields, _ = await asyncio.to_thread(ask, plain, "/hello?a=b", {})
        assert (308, "https://127.0.0.1:8443/hello?a=b") == (status, fields["Location"])


async def test_mtls_example(certificates: Path, authority: trustme.CA) -> None:
    """A machine is known by its certificate, a person by a key; another machine lacks the scope, a stranger is 401."""
    machines = {"": 401, "scheduler.internal": 200, "a.jobs.internal": 403, "other.example": 401}
    statuses = {}
    async with served("auth-mtls") as gateway:
        for name in machines:
            cert = str(certificates / f"{name}.pem") if name else ""
            if name:
                authority.issue_cert(name).private_key_and_cert_chain_pem.write_to_path(cert)
            statuses[name] = (await asyncio.to_thread(ask, secure(gateway, certificates, cert), "/jobs/1", {}))[0]
        key = {"X-API-Key": "ann-example-key"}
        assert 200 == (await asyncio.to_thread(ask, secure(gateway, certificates), "/jobs/1", key))[0]
    assert machines == statuses


async def test_unix_sockets_example(run_folder: Path) -> None:
    """A request that comes over one socket file leaves over another, and the word of the server in front counts."""
    async with served("unix-sockets"):
        seen: list[bytes] = []

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            seen.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok")
            await writer.drain()
            writer.close()

        async with await asyncio.start_unix_server(answer, run_folder / "application.sock"):
            reader, writer = await asyncio.open_unix_connection(run_folder / "gateway.sock")
            writer.write(b"GET /x HTTP/1.1\r\nHost: a.example\r\nX-Forwarded-For: 192.0.2.7\r\n\r\n")
            assert (await asyncio.wait_for(reader.readuntil(b"ok"), 10)).startswith(b"HTTP/1.1 200")
            writer.transport.abort()
        assert b"X-Forwarded-For: 192.0.2.7\r\n" in seen[0]
        reader, writer = await asyncio.open_unix_connection(run_folder / "admin.sock")
        writer.write(b"GET /liveness HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).startswith(b"HTTP/1.1 200")
        writer.transport.abort()
