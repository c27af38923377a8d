"""What the tests of ``transport`` share: everything holds on the loops of asyncio and uvloop alike."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop

from vizgate.testing import ManualClock
from vizgate.transport.deadlines import TICK_S, DeadlineSweeper
from vizgate.transport.stream import Stream

Run = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture(params=["asyncio", "uvloop"])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    factory = asyncio.new_event_loop if request.param == "asyncio" else uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        yield runner


@pytest.fixture
def run(runner: asyncio.Runner) -> Run:
    """Runs a scenario to its end; what a callback of the loop raises fails the test."""

    def run_scenario(scenario: Coroutine[Any, Any, None]) -> None:
        problems: list[dict[str, Any]] = []
        runner.get_loop().set_exception_handler(lambda _, context: problems.append(context))
        runner.run(asyncio.wait_for(scenario, 20))
        assert problems == []

    return run_scenario


class MemoryTransport(asyncio.Transport):
    """Remembers what was asked of it."""

    def get_write_buffer_size(self) -> int:
        return 0

    def __init__(self, **extra: Any) -> None:
        super().__init__(extra)
        self.calls: list[Any] = []
        self.closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.calls.append(bytes(data))

    def can_write_eof(self) -> bool:
        return bool(self._extra.get("can_write_eof", True))  # type: ignore[attr-defined]

    def write_eof(self) -> None:
        self.calls.append("eof")

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")

    def is_closing(self) -> bool:
        return self.closing

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")


class MadeStream:
    """A stream on a transport that is none, and its clock and sweeper."""

    def __init__(self, **extra: Any) -> None:
        self.clock = ManualClock(monotonic_s=100.0)
        self.sweeper = DeadlineSweeper()
        self.sweeper.sweep(100.0)
        self.stream = Stream(asyncio.get_running_loop(), self.clock, self.sweeper)
        self.transport = MemoryTransport(**extra)
        self.stream.connection_made(self.transport)
        self.loop = asyncio.get_running_loop()

    def later(self, *call: Any) -> None:
        """Have the loop make *call*, as it does for a socket."""
        self.loop.call_soon(*call)

    def advance(self, seconds: float) -> None:
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            self.clock.advance(TICK_S)
            self.sweeper.sweep(self.clock.monotonic())


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def socket_pair() -> tuple[Stream, socket.socket]:
    """A stream on a real connection, and the peer's end of it."""
    loop = asyncio.get_running_loop()
    listening = socket.create_server(("127.0.0.1", 0))
    peer = socket.create_connection(listening.getsockname())
    accepted, _ = listening.accept()
    listening.close()
    made = MadeStream()
    _, stream = await loop.create_connection(lambda: Stream(loop, made.clock, made.sweeper), sock=accepted)
    peer.setblocking(False)
    return stream, peer
