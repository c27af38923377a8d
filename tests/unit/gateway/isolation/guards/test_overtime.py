"""``timeout`` of a route holds for the plugins on it."""

from __future__ import annotations

import asyncio

import pytest

from vizgate import Middleware, MiddlewareConfig, Request, Response
from vizgate.pipeline.handler import Handler
from vizgate.testing import ManualClock, MemoryClient


class Hanging(Middleware):
    """Never comes to an end, or only when it is cancelled."""

    class Config(MiddlewareConfig):
        is_deaf: bool = False

    async def __call__(self, request: Request, forward: Handler) -> Response:
        HANGING.append(request)
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            if not self.config.is_deaf:
                raise
        return Response.text(200, "late")


HANGING: list[Request] = []


class Around(Middleware):
    """Stands further out and cleans up."""

    ended = 0

    async def __call__(self, request: Request, forward: Handler) -> Response:
        try:
            return await forward(request)
        finally:
            type(self).ended += 1


def serving(clock: ManualClock, middleware: str, timeout: str = "timeout: 5s") -> MemoryClient:
    return MemoryClient(
        f"""
version: 1
services: {{echo: {{builtin: echo}}}}
routes: [{{name: r, match: {{path: /*}}, service: echo, {timeout}, middleware: [{middleware}]}}]
""",
        clock=clock,
    )


async def hanging_request(client: MemoryClient, clock: ManualClock, seconds: float) -> asyncio.Task[int]:
    """A request that hangs, *seconds* later."""
    HANGING.clear()

    async def ask() -> int:
        return (await client.get("/")).status

    task = asyncio.ensure_future(ask())
    for _ in range(100):
        await asyncio.sleep(0)
    assert HANGING
    clock.advance(seconds)
    client.gateway.state.sweeper.sweep(clock.monotonic())
    for _ in range(10):
        await asyncio.sleep(0)
    return task


@pytest.mark.parametrize(("deaf", "status"), [("false", 504), ("true", 200)])
async def test_middleware_that_hangs_ends_with_the_time_of_its_route(deaf: str, status: int) -> None:
    """504, and the plugin is to blame; one that has an answer after all may give it."""
    clock = ManualClock()
    around, hanging = f'{{use: "{__name__}:Around"}}', f'{{use: "{__name__}:Hanging", is_deaf: {deaf}}}'
    async with serving(clock, f"{around}, {hanging}") as client:
        ended = Around.ended
        task = await hanging_request(client, clock, 5.3)
        assert status == await task
        assert ended + 1 == Around.ended
        faults = client.gateway.state.metrics.counters("plugin_errors", "", ("plugin", "stage"))
        assert 1 == faults.of(f"{__name__}:Hanging", "call").value
        assert not len(client.gateway.state.sweeper)


async def test_middleware_has_its_time() -> None:
    """Nothing ends before the time of the route is over, and without one nothing ends."""
    clock = ManualClock()
    for timeout, seconds in (("timeout: 5s", 5.0), ("body_limit: 0", 5000.0)):
        async with serving(clock, f'{{use: "{__name__}:Hanging"}}', timeout) as client:
            task = await hanging_request(client, clock, seconds)
            assert not task.done()
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
