"""Connections that lead nowhere: bytes written to them go to a function.

In: ``MemoryTransport``, and a pool whose connections answer every request with 200. Not in: what is sent over them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import ClassVar

from vizgate.gateway.rehearsal.result import UpstreamRequest
from vizgate.gateway.state import GatewayState
from vizgate.transport.pool import Endpoint, PooledStream, PoolLimits, TargetPool

_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"


class MemoryTransport(asyncio.Transport):
    """A transport for *protocol* that never fills up. Args: peer: the address to show, "" for none."""

    def __init__(self, protocol: asyncio.Protocol, written: Callable[[bytes], None], peer: str = "") -> None:
        super().__init__({"peername": (peer, 0)} if peer else {})
        self._protocol = protocol
        self._written = written
        self._is_closing = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Hand *data* over."""
        if not self._is_closing:
            self._written(bytes(data))

    def can_write_eof(self) -> bool:
        """It cannot: the other side is only a function."""
        return False

    def get_write_buffer_size(self) -> int:
        """Nothing is ever left to be sent."""
        return 0

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self._is_closing

    def close(self) -> None:
        """Close; the protocol is told on the next turn of the loop, as by every transport."""
        if not self._is_closing:
            self._is_closing = True
            asyncio.get_running_loop().call_soon(self._protocol.connection_lost, None)

    def abort(self) -> None:
        """As ``close``: nothing is ever left to be sent."""
        self.close()

    def pause_reading(self) -> None:
        """Nothing comes but what was asked for."""

    def resume_reading(self) -> None:
        """See ``pause_reading``."""


class RecordingPool(TargetPool):
    """A pool whose targets exist in memory only; *heard* gets every request they are sent."""

    def __init__(
        self, endpoint: Endpoint, limits: PoolLimits, state: GatewayState, heard: Callable[[UpstreamRequest], None]
    ) -> None:
        super().__init__(endpoint, limits, state.clock, state.sweeper)
        self._state = state
        self._heard = heard

    async def connect(self, timeout_s: float) -> PooledStream:  # noqa: ARG002  # there is nothing to wait for
        """A connection that answers one request."""
        loop = asyncio.get_running_loop()
        stream = PooledStream(loop, self._state.clock, self._state.sweeper)
        buffer = bytearray()

        def written(data: bytes) -> None:
            answered = b"\r\n\r\n" in buffer
            buffer.extend(data)
            end = buffer.find(b"\r\n\r\n") + 4
            if end > 3 and not answered:  # find() gives -1 when there is none
                self._heard(UpstreamRequest.parse(str(self.endpoint), bytes(buffer[:end])))
                loop.call_soon(stream.data_received, _ANSWER)

        stream.connection_made(MemoryTransport(stream, written))
        return stream

    def give(self, stream: PooledStream, now_s: float) -> None:  # noqa: ARG002  # it is not kept
        """Close *stream*: each request gets a connection of its own."""
        stream.close()


async def _no_wait(_seconds: float) -> None:
    """Time stands still in a rehearsal."""


@dataclass(slots=True)
class RehearsalState(GatewayState):
    """The state of a gateway whose pools record. ``heard``: the requests that upstreams were sent, in order."""

    reaches_network: ClassVar[bool] = False

    heard: list[UpstreamRequest] = field(default_factory=list)
    sleep: Callable[[float], Awaitable[None]] = _no_wait

    def new_pool(self, endpoint: Endpoint, limits: PoolLimits) -> TargetPool:
        """See ``GatewayState.new_pool``."""
        return RecordingPool(endpoint, limits, self, self.heard.append)
