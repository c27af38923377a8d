"""Sending the clients of a plain listener to https."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from tests.integration.tls.secure import Files, opened, parts_of, text_of
from vizgate.gateway.server import Gateway


def both(files: Files, redirect: bool | int, **server: Any) -> dict[str, Any]:
    """A TLS listener, and a plain one that leads to it."""
    plain = {"address": "127.0.0.1:0", "redirect_https": redirect}
    tls = {"address": "127.0.0.1:0", "tls": {"cert": files.pair("a.example")}}
    return parts_of(None, server={"listen": [plain, tls], **server})


async def send(gateway: Gateway, request: bytes) -> tuple[str, str, bytes]:
    """Status line, Location and what comes after the head."""
    reader, writer = await asyncio.open_connection(*gateway.addresses[0])
    writer.write(request)
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)).decode()
    location = [line[10:] for line in head.split("\r\n") if line.startswith("Location: ")]
    writer.transport.abort()
    return head.split("\r\n")[0], (location or [""])[0], b""


@pytest.mark.parametrize(
    ("redirect", "request_line", "host", "location"),
    [
        (True, "GET /a?b=c", "a.example", "https://a.example/a?b=c"),
        (True, "GET /", "a.example:8080", "https://a.example/"),
        (8443, "POST /a//b%20", "A.example:80", "https://A.example:8443/a//b%20"),
        (8443, "GET /", "[::1]:80", "https://[::1]:8443/"),
        (True, "GET //evil.example/x", "a.example", "https://a.example//evil.example/x"),
        (True, "GET http://b.example/x", "a.example", "https://b.example/x"),
    ],
)
async def test_request_is_sent_to_https(
    redirect: bool | int, request_line: str, host: str, location: str, files: Files, log: Path
) -> None:
    """308 keeps method and target, the host is the one that the client asked for, the port that of the setting."""
    async with opened(log, both(files, redirect)) as gateway:
        request = f"{request_line} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 0\r\n\r\n".encode()
        assert ("HTTP/1.1 308 Permanent Redirect", location, b"") == await send(gateway, request)
    assert '"status":308' in text_of(log)


async def test_request_without_host_is_refused(files: Files, log: Path) -> None:
    """HTTP/1.0 need not name a host, and then there is nowhere to send the client."""
    async with opened(log, both(files, redirect=True)) as gateway:
        status, location, _ = await send(gateway, b"GET / HTTP/1.0\r\n\r\n")
    assert ("400", "") == (status.split(" ")[1], location)


async def test_health_is_answered_in_the_clear(files: Files, log: Path) -> None:
    """Endpoints that the listener serves for a load balancer are not sent elsewhere."""
    async with opened(log, both(files, redirect=True, public_endpoints=["health"])) as gateway:
        status, _, _ = await send(gateway, b"GET /health HTTP/1.1\r\nHost: a\r\n\r\n")
    assert "200" == status.split(" ")[1]


async def test_what_a_trusted_proxy_took_by_https_is_served(files: Files, log: Path) -> None:
    """Behind a TLS terminator a redirect would come back for ever; what a stranger claims changes nothing."""
    request = b"GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-Proto: https\r\n\r\n"
    async with opened(log, both(files, redirect=True, trusted_proxies=["127.0.0.1"])) as gateway:
        assert "200" == (await send(gateway, request))[0].split(" ")[1]
    async with opened(log, both(files, redirect=True)) as gateway:
        assert "308" == (await send(gateway, request))[0].split(" ")[1]
