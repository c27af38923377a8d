"""The chat example works as its README says."""

from __future__ import annotations

from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from vizgate.config import load_config
from vizgate.gateway.server import Gateway

EXAMPLE = Path(__file__).parents[3] / "examples" / "websocket"


async def test_chat_example_passes_messages_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two clients in one room hear each other through the gateway."""
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import chat

    async with serve(chat.chat, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        overrides = {
            "server.listen": "127.0.0.1:0",
            "server.admin": "off",
            "observe.access_log.format": "off",
            "services.chat.targets": [f"http://127.0.0.1:{port}"],
        }
        async with Gateway(load_config(EXAMPLE / "vizgate.yaml", overrides=overrides)) as gateway:
            url = f"ws://127.0.0.1:{gateway.addresses[0][1]}/chat/lobby"
            async with connect(url) as one, connect(url) as other:
                await one.send("hello")
                assert ["hello", "hello"] == [await one.recv(), await other.recv()]
                await other.send("hi")
                assert ["hi", "hi"] == [await one.recv(), await other.recv()]
