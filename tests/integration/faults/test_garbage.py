"""What a broken-off exchange leaves behind: nothing that only the collector could find.

The collector seldom looks in a gateway (``gateway.process.settle``), so a cycle for each exchange that a client breaks
off would hold everything that had been received until then: memory that grows with nothing but bad manners.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Iterator

import pytest

from vizgate import Gateway

_HOST = b"Host: a.example\r\n"
#: What a client sends, and whether the gateway asks it for the body (100) before it goes away; else the target has it.
CASES = {
    "inside a body": (b"PUT /x HTTP/1.1\r\n" + _HOST + b"Expect: 100-continue\r\nContent-Length: 1000\r\n\r\n", True),
    "inside a chunked body": (
        b"PUT /x HTTP/1.1\r\n" + _HOST + b"Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n", True,
    ),
    "waiting for an answer": (b"GET /x HTTP/1.1\r\n" + _HOST + b"\r\n", False),
}  # fmt: skip


class Target:
    """Reads requests and never answers."""

    def __init__(self) -> None:
        self.asked = asyncio.Semaphore(0)
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        self.asked.release()
        await reader.read()
        writer.close()


@pytest.fixture
async def target() -> AsyncIterator[Target]:
    made = Target()
    async with await asyncio.start_server(made.serve, "127.0.0.1", 0) as server:
        made.port = server.sockets[0].getsockname()[1]
        yield made


@pytest.fixture
def _no_collector() -> Iterator[None]:
    gc.collect()
    gc.freeze()  # what other tests have left may still become garbage
    gc.disable()
    yield
    gc.set_debug(0)
    gc.garbage.clear()
    gc.enable()


@pytest.mark.usefixtures("_no_collector")
@pytest.mark.parametrize("ends_at_once", [True, False], ids=["reset", "closed"])
@pytest.mark.parametrize("case", CASES)
async def test_exchange_that_a_client_breaks_off_leaves_no_cycle(case: str, ends_at_once: bool, target: Target) -> None:
    """Everything about it is let go of when it ends, also where middleware and a limit are around the service."""
    sent, waits_for_continue = CASES[case]
    gateway = Gateway.from_text(
        "version: 1\nserver: {listen: '127.0.0.1:0', admin: off}\n"
        f"services: {{api: {{targets: ['http://127.0.0.1:{target.port}'], retry: {{attempts: 2}}}}}}\n"
        "limits: {wide: {rate: 1000/second}}\n"
        "routes:\n  - {match: {path: /*}, service: api, limit: wide,"
        " middleware: [{use: headers, request: {set: {X-A: b}}}]}\n"
        "observe: {access_log: off}\n"
    )
    async with gateway:
        for _ in range(3):
            reader, writer = await asyncio.open_connection(*gateway.addresses[0])
            writer.write(sent)
            await (reader.readuntil(b"\r\n\r\n") if waits_for_continue else target.asked.acquire())
            (writer.transport.abort if ends_at_once else writer.close)()
    gc.set_debug(gc.DEBUG_SAVEALL)
    gc.collect()
    assert [] == sorted({name for each in gc.garbage if (name := type(each).__module__).startswith("vizgate.")})
