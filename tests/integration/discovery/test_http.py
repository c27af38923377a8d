"""Targets that another server lists, asked for over a real socket."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from tests.integration.discovery.asking import asked
from vizgate.discovery.http.source import HttpDiscovery
from vizgate.errors import CallFailed
from vizgate.extension.kinds.discovery import DiscoveryFailed


class Lister:
    """``body``, ``tag``, ``status``: what it answers. ``seen``: heads of requests."""

    def __init__(self) -> None:
        self.body = b"[]"
        self.tag = b""
        self.status = 200
        self.seen: list[bytes] = []
        self.url = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.seen.append(head.lower())
                is_same = self.tag and b"if-none-match: " + self.tag in head.lower()
                status, body = (304, b"") if is_same else (self.status, self.body)
                fields = b"ETag: %b\r\n" % self.tag if self.tag else b""
                writer.write(b"HTTP/1.1 %d X\r\n%bContent-Length: %d\r\n\r\n%b" % (status, fields, len(body), body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def lister(tls: ssl.SSLContext | None = None) -> AsyncIterator[Lister]:
    served = Lister()
    server = await asyncio.start_server(served.serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    served.url = f"{'https' if tls else 'http'}://127.0.0.1:{port}/targets"
    try:
        yield served
    finally:
        server.close()
        await server.wait_closed()


async def test_list_is_asked_for_again_and_again() -> None:
    """By the interval, a little early; the list may stand inside the document."""
    async with lister() as server, asked(HttpDiscovery, kind="http", url=server.url, at="data.up") as source:
        server.body = b'{"data": {"up": ["10.0.0.1:80"]}}'
        assert ["10.0.0.1:80"] == await source.addresses()
        server.body = b'{"data": {"up": [{"targets": ["10.0.0.2:81"], "labels": {}}]}}'
        assert ["10.0.0.2:81"] == await source.addresses()
        assert 9.0 <= source.waits.seconds[0] <= 10.0


async def test_what_has_not_changed_is_not_sent_again() -> None:
    """By its entity tag (RFC 9110 13.1.2): 304 means the same targets."""
    async with lister() as server, asked(HttpDiscovery, kind="http", url=server.url) as source:
        server.body, server.tag = b'["10.0.0.1:80"]', b'"one"'
        first = await source.next()
        assert first is await source.next()
        server.body, server.tag = b'["10.0.0.2:80"]', b'"two"'
        assert ["10.0.0.2:80"] == await source.addresses()
        assert [False, True, True] == [b"if-none-match" in head for head in server.seen]


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, b"\r\nauthorization: bearer s3cret-token\r\n"),
        ({"token_header": "X-Token"}, b"\r\nx-token: s3cret-token\r\n"),
    ],
)
async def test_token_is_sent(more: dict[str, str], line: bytes) -> None:
    """As a bearer token, or in a field of its own; never in an error."""
    async with (
        lister() as server,
        asked(HttpDiscovery, kind="http", url=server.url, token="s3cret-token", **more) as source,
    ):
        await source.next()
        assert line in server.seen[0]
        server.status = 403
        with pytest.raises(DiscoveryFailed) as failed:
            await source.next()
        assert "s3cret" not in f"{failed.value}{source.source!r}{source.source.label}{source.source.config!r}"


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (500, b"[]", "answered with 500"),
        (302, b"", "answered with 302"),
        (304, b"", "answered with 304"),
        (200, b"[", "not JSON"),
        (200, b"[" * 100_000, "not JSON"),
        (200, b'{"a": 1}', "there is no list of targets"),
    ],
)
async def test_any_other_answer_is_a_failure(status: int, body: bytes, message: str) -> None:
    """Redirects are not followed; what is no list is not used."""
    async with lister() as server, asked(HttpDiscovery, kind="http", url=server.url) as source:
        server.status, server.body = status, body
        with pytest.raises(DiscoveryFailed, match=message):
            await source.next()


async def test_answer_has_a_bound() -> None:
    """In size."""
    async with lister() as server, asked(HttpDiscovery, kind="http", url=server.url, limit=100) as source:
        server.body = b'["10.0.0.1:80"]' + b" " * 100
        with pytest.raises(CallFailed, match="over 100 bytes"):
            await source.next()


async def test_server_is_verified_by_authorities_of_its_own(authority: trustme.CA, tmp_path: Path) -> None:
    """``ca`` is believed instead of the system's, as it is now: exchanged authorities need no restart."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    file = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(file)
    async with lister(context) as server, asked(HttpDiscovery, kind="http", url=server.url, ca=file) as source:
        with pytest.raises(CallFailed, match="certificate was not accepted"):
            await source.next()
        authority.cert_pem.write_to_path(file)
        assert [] == await source.addresses()
