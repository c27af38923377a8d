"""The steps that scripts of a scripted upstream are made of.

In: functions that make steps. Not in: the server that runs them (``testing.scripted_upstream``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from vizgate.testing.upstream_connection import UpstreamConnection

#: Turns of the event loop given to the other side between two pieces of one ``send``, so that they arrive apart.
_TURNS_BETWEEN_PIECES = 4
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Step = Callable[[UpstreamConnection], Awaitable[None]]
Script = Sequence[Step]


def read_request() -> Step:
    """Wait until one more whole request has arrived."""

    async def step(connection: UpstreamConnection) -> None:
        wanted = connection.requests_taken + 1
        await connection.wait_for(lambda: sum(request.complete for request in connection.requests) >= wanted)
        connection.requests_taken = wanted

    return step


def read_head() -> Step:
    """Wait until the head of the next request has arrived, whatever there is of its body."""

    async def step(connection: UpstreamConnection) -> None:
        wanted = connection.requests_taken + 1
        await connection.wait_for(lambda: len([r for r in connection.requests if r.version]) >= wanted)

    return step


def read_bytes(count: int) -> Step:
    """Wait until *count* bytes have arrived in all."""

    async def step(connection: UpstreamConnection) -> None:
        await connection.wait_for(lambda: len(connection.received) >= count)

    return step


def send(*pieces: bytes) -> Step:
    """Send *pieces*, one after another, so that they arrive apart."""

    async def step(connection: UpstreamConnection) -> None:
        for number, piece in enumerate(pieces):
            if number:
                await _let_others_run()
            await connection.send(piece)

    return step


def close() -> Step:
    """Send FIN and read no more."""

    async def step(connection: UpstreamConnection) -> None:
        connection.close()

    return step


def reset() -> Step:
    """Send RST, after the bytes before it had a chance to be read."""

    async def step(connection: UpstreamConnection) -> None:
        await _let_others_run()
        connection.close(with_reset=True)

    return step


def half_close() -> Step:
    """Send FIN and go on reading."""

    async def step(connection: UpstreamConnection) -> None:
        connection.send_eof()

    return step


def stall() -> Step:
    """Do nothing until the peer ends the connection."""

    async def step(connection: UpstreamConnection) -> None:
        await connection.wait_end()

    return step


def wait(event: asyncio.Event) -> Step:
    """Do nothing until a test sets *event*."""

    async def step(_: UpstreamConnection) -> None:
        await event.wait()

    return step


def stop_reading() -> Step:
    """Leave what arrives in the kernel's buffer from now on; as the first step: from the first byte on."""

    async def step(connection: UpstreamConnection) -> None:
        connection.may_read.clear()

    return step


def resume_reading() -> Step:
    """Undo ``stop_reading``."""

    async def step(connection: UpstreamConnection) -> None:
        connection.may_read.set()

    return step


def forever(*steps: Step) -> Step:
    """Repeat *steps* until the peer ends the connection."""

    async def step(connection: UpstreamConnection) -> None:
        while connection.is_open:
            for each in steps:
                await each(connection)

    return step


def answer(response: bytes = OK) -> Step:
    """Answer every whole request with *response* (without its body for HEAD) until the peer ends."""
    head = response[: response.find(b"\r\n\r\n") + 4]

    async def step(connection: UpstreamConnection) -> None:
        while connection.is_open:
            await read_request()(connection)
            request = connection.requests[connection.requests_taken - 1]
            await connection.send(head if request.method == b"HEAD" else response)

    return step


async def _let_others_run() -> None:
    for _ in range(_TURNS_BETWEEN_PIECES):
        await asyncio.sleep(0)
