"""A handful of the cases of tests/conformance: the rules of HTTP do not know what carries it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.integration.tls.secure import NAME, Files, opened, parts_of, port_of
from vizgate.testing.scripted_upstream import ScriptedUpstream
from vizgate.testing.steps import answer

_HOST = b"Host: a.example\r\n"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"POST /x HTTP/1.1\r\n" + _HOST + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400),
        (b"GET /x HTTP/1.1\r\n" + _HOST + b"A : b\r\n\r\n", 400),
        (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
        (b"GET /x HTTP/1.1\r\n" + _HOST + b"A: " + b"a" * 70_000 + b"\r\n\r\n", 431),
        (b"POST /x HTTP/1.1\r\n" + _HOST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", 400),
        (b"POST /x HTTP/1.1\r\n" + _HOST + b"Content-Length: 99999999\r\n\r\n", 413),
    ],
)
async def test_what_is_refused_in_the_clear_is_refused_over_tls(
    sent: bytes, status: int, files: Files, log: Path
) -> None:
    """The status is the same, the connection ends, and the upstream has seen no whole request."""
    async with ScriptedUpstream([answer()]) as upstream:
        target = {"up": {"targets": [f"http://127.0.0.1:{upstream.port}"]}}
        routes = [{"name": "up", "match": {"path": "/*"}, "service": "up"}]
        async with opened(log, parts_of({"cert": files.pair(NAME)}, services=target, routes=routes)) as gateway:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port_of(gateway), ssl=files.client(), server_hostname=NAME
            )
            writer.write(sent)
            got = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
            await asyncio.wait_for(reader.read(), 10)
            writer.close()
    assert got.startswith(b"HTTP/1.1 %d " % status)
    assert [] == upstream.complete_requests
