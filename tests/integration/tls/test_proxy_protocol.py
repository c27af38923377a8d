"""PROXY headers before HTTP and before TLS: whose are taken, and what follows from them."""

from __future__ import annotations

import asyncio
import ipaddress
from pathlib import Path
from typing import Any

import pytest

from tests.integration.tls.secure import NAME, Files, ask, failed, opened, parts_of, port_of, rest_of, text_of

_V2 = b"\r\n\r\n\x00\r\nQUIT\n"
V1 = b"PROXY TCP4 203.0.113.7 192.0.2.1 4711 443\r\n"
V2 = _V2 + b"\x21\x11\x00\x0c" + ipaddress.ip_address("203.0.113.8").packed + bytes(8)
V2_IPV6 = _V2 + b"\x21\x21\x00\x24" + ipaddress.ip_address("2001:db8::7").packed + bytes(20)
V2_LOCAL = _V2 + b"\x20\x00\x00\x00"


def taking(tls: dict[str, Any] | None, *trusted: str) -> dict[str, Any]:
    """A gateway that takes PROXY headers of *trusted* peers."""
    return parts_of(tls, proxy_protocol=True, server={"trusted_proxies": list(trusted)})


@pytest.mark.parametrize("secure", [True, False])
@pytest.mark.parametrize(
    ("header", "client"),
    [(V1, "203.0.113.7"), (V2, "203.0.113.8"), (V2_IPV6, "2001:db8::7"), (V2_LOCAL, "127.0.0.1"),
     (b"PROXY UNKNOWN\r\n", "127.0.0.1")],
)  # fmt: skip
async def test_client_is_who_the_header_says(header: bytes, client: str, secure: bool, files: Files, log: Path) -> None:
    """The address in the header is the client's, for the upstream and the log; TLS begins right behind it."""
    tls = {"cert": files.pair(NAME)} if secure else None
    async with opened(log, taking(tls, "127.0.0.1")) as gateway:
        context = files.client() if secure else None
        answer = await ask(port_of(gateway), context, before=header)
    assert client == answer.json["client"]
    assert ["X-Forwarded-For", client] in answer.json["headers"]
    assert f'"client":"{client}"' in text_of(log)


async def test_header_in_pieces(files: Files, log: Path) -> None:
    """A header that comes byte by byte is read as one, and not a byte of what follows is lost."""
    async with opened(log, taking(None, "127.0.0.1")) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
        data = V1 + b"GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
        for index in range(len(data)):
            writer.write(data[index : index + 1])
            await writer.drain()
            await asyncio.sleep(0)
        assert (await asyncio.wait_for(reader.readuntil(b"\r\n"), 10)).startswith(b"HTTP/1.1 200")
        writer.transport.abort()


async def test_header_of_a_stranger_is_refused(files: Files, log: Path) -> None:
    """Who is not in ``trusted_proxies`` says nothing that counts: the connection is closed before it is read."""
    async with opened(log, taking({"cert": files.pair(NAME)}, "10.0.0.0/8")) as gateway:
        with pytest.raises((OSError, EOFError)):
            await ask(port_of(gateway), files.client(), before=V1)
        await failed(gateway, "proxy_sender")


@pytest.mark.parametrize(
    "sent",
    [b"", b"PROXY TCP4 1.2.3.4\r\n", b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", _V2 + b"\x31\x11\x00\x0c" + bytes(12)],
    ids=["nothing", "malformed", "http", "version 3"],
)
async def test_no_header_is_no_connection(sent: bytes, files: Files, log: Path) -> None:
    """A trusted peer that sends no header, or a bad one, or none in time, is not served."""
    tls = {"cert": files.pair(NAME), "handshake_timeout": "300ms"}
    async with opened(log, taking(tls, "127.0.0.1")) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
        writer.write(sent)
        assert b"" == await rest_of(reader)
        await failed(gateway, "proxy_header" if sent else "timeout")
        writer.close()


async def test_limits_count_the_client_of_the_header(files: Files, log: Path) -> None:
    """A rate limit by address counts clients and not the load balancer they come through."""
    parts = taking(None, "127.0.0.1")
    parts["limits"] = {"few": {"rate": "1/minute", "key": "ip"}}
    parts["routes"] = [{"name": "echo", "match": {"path": "/*"}, "service": "echo", "limit": "few"}]
    async with opened(log, parts) as gateway:
        seen = [(await ask(port_of(gateway), None, before=header)).status for header in (V1, V1, V2)]
    assert [200, 429, 200] == seen


async def test_forwarded_fields_are_the_clients_own_word(files: Files, log: Path) -> None:
    """Behind the header stands the client itself: what it claims to have been forwarded for is not believed."""
    async with opened(log, taking(None, "127.0.0.1")) as gateway:
        reader, writer = await asyncio.open_connection("127.0.0.1", port_of(gateway))
        writer.write(V1 + b"GET /x HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n")
        await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
        assert b'"client":"203.0.113.7"' in await reader.read(65536)
        writer.transport.abort()
