"""A chat server of a few lines: what one says in a room, everybody in the room hears."""

from __future__ import annotations

import asyncio
from collections import defaultdict

from websockets.asyncio.server import ServerConnection, broadcast, serve

ROOMS: defaultdict[str, set[ServerConnection]] = defaultdict(set)


async def chat(connection: ServerConnection) -> None:
    """Pass on what one member of a room says."""
    assert connection.request is not None
    room = ROOMS[connection.request.path]
    room.add(connection)
    try:
        async for message in connection:
            broadcast(room, message)
    finally:
        room.discard(connection)


async def main() -> None:
    """Serve until interrupted."""
    async with serve(chat, "127.0.0.1", 3001) as server:
        await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
