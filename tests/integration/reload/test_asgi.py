"""A reload under an ASGI server: no listeners, the same rules."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from tests.integration.doors import uvicorn_serving
from tests.integration.reload.bench import USE, Watched, ask, config_of, retired, says
from vizgate.gateway.server import Gateway
from vizgate.testing.memory import MemoryClient
from vizgate.testing.raw_client import RawClient


async def test_reload_under_an_asgi_server() -> None:
    """The next request is served by the new configuration, over a connection of before."""
    gateway = Gateway(config_of({"routes": [says("one")]}))
    async with uvicorn_serving(gateway.asgi) as port, RawClient("127.0.0.1", port) as client:
        assert b"one" == (await ask(client)).body
        await gateway.reload(config_of({"routes": [says("two")]}))
        assert b"two" == (await ask(client)).body


async def test_request_whose_body_arrives_is_finished_by_the_plan_it_was_read_by() -> None:
    """What guards its fields and what serves it belong together; its middleware stops when it is done."""
    Watched.begin()
    go_on = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b"a"
        await go_on.wait()
        yield b"b"

    def parts(name: str) -> dict[str, object]:
        return {"routes": [says("x", "/*", middleware=[{"use": USE, "name": name}])]}

    async with MemoryClient(Gateway(config_of(parts("old")))) as client:
        asking = asyncio.create_task(client.post("/", body=body()))
        await asyncio.sleep(0)
        await client.gateway.reload(config_of(parts("new")))
        assert "stop old" not in Watched.log
        go_on.set()
        assert "old" == (await asking).headers["X-Name"]
        await retired(client.gateway)
        assert "stop old" == Watched.log[-1]
        assert "new" == (await client.get("/")).headers["X-Name"]


async def test_gateway_that_was_not_started_can_be_reloaded() -> None:
    """It starts with what it was told last."""
    gateway = Gateway(config_of({"routes": [says("one")]}))
    await gateway.reload(config_of({"routes": [says("two")]}))
    async with MemoryClient(gateway) as client:
        assert "two" == (await client.get("/")).text
