"""A plugin does not end the ASGI server that the gateway runs under, either."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.integration.doors import DoorFactory
from vizgate import Middleware, MiddlewareConfig, Request, Response
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.handler import Handler
from vizgate.testing.raw_client import ConnectionEnded


class Exits(Middleware):
    """Ends the program, when it is called or while its answer is sent."""

    class Config(MiddlewareConfig):
        when: str

    async def __call__(self, request: Request, forward: Handler) -> Response:
        if self.config.when == "call":
            raise SystemExit(1)
        if self.config.when == "endless":
            return Response(200, body=StreamBody(self._endless()))
        if self.config.when == "callback":
            request.on_complete(self._exit)
            return await forward(request)
        return Response(200, body=StreamBody(self._parts()))

    async def _parts(self) -> AsyncIterator[bytes]:
        yield b"a part"
        self._exit()

    async def _endless(self) -> AsyncIterator[bytes]:
        while True:
            yield b"more"

    def _exit(self) -> None:
        raise SystemExit(1)


def route(when: str) -> dict[str, object]:
    middleware = [{"use": f"{__name__}:Exits", "when": when}]
    return {"match": {"path": f"/{when}"}, "service": "echo", "middleware": middleware}


@pytest.mark.parametrize(("when", "status"), [("call", 500), ("callback", 200), ("body", None)])
async def test_server_outlives_a_plugin_that_exits(asgi_door: DoorFactory, when: str, status: int | None) -> None:
    """The next request is served, and an answer that was cut does not look whole."""
    routes = [*(route(name) for name in ("call", "body", "callback")), {"match": {"path": "/"}, "service": "echo"}]
    async with asgi_door({"services": {"echo": {"builtin": "echo"}}, "routes": routes}) as door:
        async with door.client() as client:
            await client.send(b"GET /%b HTTP/1.1\r\nHost: a\r\n\r\n" % when.encode())
            if status is None:
                with pytest.raises(ConnectionEnded):
                    await client.read_response()
            else:
                assert status == (await client.read_response()).status
        async with door.client() as client:
            await client.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert 200 == (await client.read_response()).status


async def test_endless_answer_leaves_the_server_to_others(asgi_door: DoorFactory) -> None:
    """It never waits by itself: others are served while a client takes it, and after that client has left."""
    routes = [route("endless"), {"match": {"path": "/"}, "service": "echo"}]
    async with asgi_door({"services": {"echo": {"builtin": "echo"}}, "routes": routes}) as door:
        for _ in range(2):
            async with door.client() as client:
                await client.send(b"GET /endless HTTP/1.1\r\nHost: a\r\n\r\n")
                async with door.client() as other:
                    await other.send(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                    assert 200 == (await other.read_response()).status
