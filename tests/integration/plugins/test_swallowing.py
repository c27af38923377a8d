"""A middleware that takes its cancellation for nothing answers nobody, and holds nothing."""

from __future__ import annotations

import asyncio
import json

from tests.integration.doors import settled
from vizgate import Gateway, Middleware, Request, Response
from vizgate.pipeline.handler import Handler
from vizgate.testing.raw_client import RawClient


class Swallows(Middleware):
    """Answers although it was cancelled."""

    async def __call__(self, request: Request, forward: Handler) -> Response:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            return Response.text(200, "late")
        raise AssertionError


async def test_client_that_leaves_frees_its_place() -> None:
    """The connection ends, and is counted as one that its client has left."""
    text = json.dumps({
        "version": 1,
        "server": {"listen": "127.0.0.1:0", "admin": "off"},
        "services": {"echo": {"builtin": "echo"}},
        "routes": [{"match": {"path": "/*"}, "service": "echo", "middleware": [{"use": f"{__name__}:Swallows"}]}],
        "observe": {"access_log": "off"},
    })  # fmt: skip
    async with Gateway.from_text(text) as gateway:
        cells = gateway.state.metrics.gateway
        async with RawClient(*gateway.addresses[0]) as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert (1, 1) == (await settled(lambda: cells.connections_active), cells.requests_active)
        assert (0, 0) == (await settled(lambda: cells.connections_active), cells.requests_active)
