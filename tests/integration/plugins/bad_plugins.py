"""Plugins as nobody should write them; each route of the test has one, by the name of its path."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

from vizgate import (
    Authenticator,
    BackgroundConfig,
    BackgroundService,
    Balancer,
    Middleware,
    MiddlewareConfig,
    Request,
    RequestRecord,
    Response,
    Sink,
)
from vizgate.pipeline.body import StreamBody
from vizgate.pipeline.handler import Handler

ERRORS: dict[str, type[BaseException]] = {
    "error": ValueError,
    "exit": SystemExit,
    "interrupt": KeyboardInterrupt,
    "cancellation": asyncio.CancelledError,
    "end": GeneratorExit,
}


class Bad(Middleware):
    """Does what ``does`` says, with the error that ``raises`` says."""

    class Config(MiddlewareConfig):
        does: str
        raises: str = "error"

    async def __call__(self, request: Request, forward: Handler) -> Response:
        does: Any = getattr(self, self.config.does)
        response: Response = await does(request, forward)
        return response

    def fail(self) -> None:
        raise ERRORS[self.config.raises]("no more")

    async def call(self, request: Request, forward: Handler) -> Response:
        self.fail()
        raise AssertionError

    async def body(self, request: Request, forward: Handler) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            yield b"a part"
            self.fail()

        return Response(200, body=StreamBody(parts()))

    async def first_byte(self, request: Request, forward: Handler) -> Response:
        async def parts() -> AsyncIterator[bytes]:
            self.fail()
            yield b"never"

        return Response(200, body=StreamBody(parts()))

    async def flood(self, request: Request, forward: Handler) -> Response:
        """Never ends, and never waits."""

        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b"x" * 1024

        return Response(200, body=StreamBody(parts()))

    async def nothing(self, request: Request, forward: Handler) -> Response:
        """Never ends, never waits, and says nothing."""

        async def parts() -> AsyncIterator[bytes]:
            while True:
                yield b""

        return Response(200, body=StreamBody(parts()))

    async def callback(self, request: Request, forward: Handler) -> Response:
        request.on_complete(self.fail)
        return await forward(request)

    async def fields(self, request: Request, forward: Handler) -> Response:
        response = await forward(request)
        response.headers.raw.append(("X-Text", 5))  # type: ignore[arg-type]
        return response

    async def odd_body(self, request: Request, forward: Handler) -> Response:
        response = await forward(request)
        response.body = ["no", "body"]  # type: ignore[assignment]
        return response

    async def state(self, request: Request, forward: Handler) -> Response:
        response = await forward(request)
        request.outcome = request.identity = request.id = None  # type: ignore[assignment]
        return response

    async def target(self, request: Request, forward: Handler) -> Response:
        request.target = None  # type: ignore[assignment]
        return await forward(request)

    async def twice(self, request: Request, forward: Handler) -> Response:
        await forward(request)
        return await forward(request)

    async def block(self, request: Request, forward: Handler) -> Response:
        time.sleep(0.5)  # noqa: ASYNC251  # that is what is to be found
        return await forward(request)

    async def deaf(self, request: Request, forward: Handler) -> Response:
        """Hangs, and lets nobody tell it to end."""
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                continue


class BadAuthenticator(Authenticator):
    def authenticate(self, request: Request) -> Any:
        raise SystemExit(request.headers.get("Authorization"))


class BadBalancer(Balancer):
    def pick(self, excluded: Any = frozenset(), key: int = 0) -> Any:
        raise KeyboardInterrupt


class BadSink(Sink):
    async def take(self, records: Sequence[RequestRecord]) -> None:
        raise SystemExit


class BadService(BackgroundService):
    class Config(BackgroundConfig):
        pass

    async def run(self) -> None:
        raise SystemExit(os.getpid())
