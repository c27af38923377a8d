"""A middleware may forward a request again; what of it is gone cannot be sent a second time."""

from __future__ import annotations

import asyncio
import json

import pytest

from vizgate import Gateway, Middleware, Request, Response
from vizgate.pipeline.handler import Handler
from vizgate.testing.raw_client import RawClient


class Twice(Middleware):
    """Gives the second answer."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        await forward(request)
        return await forward(request)


class Counting:
    """A service that counts whole requests."""

    def __init__(self) -> None:
        self.whole = 0

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                if b"chunked" in head:
                    await reader.readuntil(b"0\r\n\r\n")
                elif b"content-length: 5" in head:
                    await reader.readexactly(5)
                self.whole += 1
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@pytest.mark.parametrize(
    ("pieces", "status", "whole"),
    [
        ((b"GET / HTTP/1.1\r\nHost: a\r\n\r\n",), 200, 2),
        ((b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nabcde",), 200, 2),
        ((b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nab", b"cde"), 500, 1),
        ((b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n", b"0\r\n\r\n"), 500, 1),
    ],
)
async def test_body_that_has_flown_by_is_not_sent_again(pieces: tuple[bytes, ...], status: int, whole: int) -> None:
    """A body in memory can be sent twice; of one that was streamed the service never sees half."""
    service = Counting()
    server = await asyncio.start_server(service, "127.0.0.1", 0)
    text = json.dumps({
        "version": 1,
        "server": {"listen": "127.0.0.1:0", "admin": "off"},
        "services": {"s": {"targets": [f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"]}},
        "routes": [{"match": {"path": "/*"}, "service": "s", "middleware": [{"use": f"{__name__}:Twice"}]}],
        "observe": {"access_log": "off"},
    })  # fmt: skip
    async with server, Gateway.from_text(text) as gateway, RawClient(*gateway.addresses[0]) as client:
        await client.send(*pieces)
        assert status == (await client.read_response()).status
    assert whole == service.whole
