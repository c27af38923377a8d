"""The rules of ``Upload`` for a body that does not hold what its length says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from vizgate import Gateway, Middleware, MiddlewareConfig, Request, Response
from vizgate.errors import BodyTooLarge
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.handler import Handler
from vizgate.testing import ScriptedUpstream
from vizgate.testing.raw_client import RawClient, RawResponse

CONFIG = """
version: 1
server: {{listen: "127.0.0.1:0", admin: "off"}}
services: {{origin: {{targets: ["{url}"]}}}}
routes:
  - name: odd
    match: {{path: /odd}}
    service: origin
    middleware: [{{use: "{module}:Odd", does: "{does}"}}]
  - {{name: rest, match: {{path: /*}}, service: origin}}
observe: {{access_log: {{format: "off"}}}}
"""


class Odd(Middleware):
    """Spoils the body that it forwards."""

    class Config(MiddlewareConfig):
        does: str

    async def __call__(self, request: Request, forward: Handler) -> Response:
        match self.config.does:
            case "forward twice":
                await forward(request)
            case "read a part":
                with pytest.raises(BodyTooLarge):
                    await request.body.read(2)
            case "iterate":
                async for _ in request.body:
                    pass
            case "shorten":
                request.body = StreamBody(one(b"abc"), length=400)
            case "lengthen":
                request.body = StreamBody(one(b"abcdef"), length=5)
        return await forward(request)


async def one(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def ask(port: int, *pieces: bytes) -> RawResponse:
    async with RawClient("127.0.0.1", port) as client:
        for piece in pieces:
            await client.send(piece)
            for _ in range(10):
                await asyncio.sleep(0)
        return await client.read_response()


@pytest.mark.parametrize(
    ("does", "status"),
    [("forward twice", 500), ("iterate", 500), ("shorten", 500), ("lengthen", 500), ("read a part", 413)],
)
@pytest.mark.parametrize("framing", ["length", "chunked"])
async def test_upload_of_another_size_than_told_spoils_no_other_request(does: str, status: int, framing: str) -> None:
    """The request fails, and its connection is given up: the upstream would read the next request as its rest."""
    head = {"length": b"Content-Length: 5\r\n\r\n", "chunked": b"Transfer-Encoding: chunked\r\n\r\n"}[framing]
    body = {"length": b"hello", "chunked": b"5\r\nhello\r\n0\r\n\r\n"}[framing]
    async with ScriptedUpstream() as upstream:
        config = CONFIG.format(url=upstream.url, module=__name__, does=does)
        async with Gateway.from_text(config) as gateway:
            port = gateway.addresses[0][1]
            spoilt = await ask(port, b"POST /odd HTTP/1.1\r\nHost: a.example\r\n" + head, body)
            victim = await ask(port, b"GET /victim HTTP/1.1\r\nHost: a.example\r\n\r\n")
    assert [status, 200] == [spoilt.status, victim.status]
    assert [b"/victim"] == [request.target for request in upstream.connections[-1].requests]
    whole = [request.target for request in upstream.complete_requests]
    assert (b"/odd" in whole) == (does == "forward twice")
