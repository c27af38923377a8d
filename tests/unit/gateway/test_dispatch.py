"""The rules of ``dispatch`` for middleware that does what it should not."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from vizgate import Middleware, MiddlewareConfig, Request, Response
from vizgate.message.headers import Headers
from vizgate.pipeline.handler import Handler
from vizgate.testing import MemoryClient


class Odd(Middleware):
    """Answers with what its settings name."""

    class Config(MiddlewareConfig):
        gives: str

    def __init__(self, config: Any, context: Any = None) -> None:
        super().__init__(config, context)
        self.shared = Response(403, Headers([(b"X-Shared", b"yes")]), b"no")
        self.is_waiting = asyncio.Event()

    async def __call__(self, request: Request, forward: Handler) -> Response:
        match self.config.gives:
            case "shared":
                return self.shared
            case "nothing":
                return None  # type: ignore[return-value]
            case "text":
                return Response(200, body="text")  # type: ignore[arg-type]
            case "cancellation":
                raise asyncio.CancelledError
            case "a wait":
                self.is_waiting.set()
                await asyncio.Event().wait()
        return Response(int(self.config.gives))


def serving(gives: str) -> MemoryClient:
    return MemoryClient(f"""
version: 1
services: {{echo: {{builtin: echo}}}}
routes:
  - {{name: all, match: {{path: /*}}, service: echo, middleware: [{{use: "{__name__}:Odd", gives: "{gives}"}}]}}
""")


@pytest.mark.parametrize("gives", ["nothing", "text", "cancellation", "99", "101", "103", "600"])
async def test_middleware_that_gives_no_answer_is_500(gives: str, caplog: pytest.LogCaptureFixture) -> None:
    """What cannot be sent, or is no final answer, is a fault of ours: told in full to the log, not to the client."""
    async with serving(gives) as client:
        response = await client.get("/")
        assert (500, b"Odd" in response.body) == (response.status, False)
        assert ["internal_error"] == [record.termination.value for record in client.records]
    assert ["vizgate.plugin"] == [record.name for record in caplog.records]
    assert "test_dispatch:Odd failed in call" in caplog.text


async def test_request_that_is_cancelled_is_no_500() -> None:
    """A cancellation that comes from outside ends the request, as every task may be ended."""
    async with serving("a wait") as client:
        odd = client.gateway._present.generation.components[0]
        assert isinstance(odd, Odd)
        task = asyncio.create_task(client.gateway.handle(Request("GET", b"/", authority="a.example")))
        await odd.is_waiting.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_response_given_to_many_requests_tells_each_its_own_id() -> None:
    """Middleware may keep an answer and give it again: what the gateway adds for one request is not kept in it."""
    async with serving("shared") as client:
        responses = [await client.get("/") for _ in range(3)]
        told = [[value for name, value in each.headers.raw if name == b"x-request-id"] for each in responses]
        assert [[record.request_id.encode()] for record in client.records] == told
    assert 3 == len({ids[0] for ids in told})
