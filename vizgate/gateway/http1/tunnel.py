"""Bytes both ways after a 101.

In: ``UpstreamTunnel`` and ``run_tunnel``. Not in: whether there may be a tunnel (``gateway.http1.exchange``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vizgate.errors import Termination, UpstreamReset
from vizgate.pipeline.response import Tunnel
from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut


class UpstreamTunnel:
    """See ``pipeline.response.Tunnel``. Args: early: bytes that came together with the 101."""

    __slots__ = ("_early", "_ended", "_stream", "protocol")

    def __init__(self, stream: Stream, early: bytes, protocol: bytes, ended: Callable[[Termination], None]) -> None:
        self._stream = stream
        self._early = early
        self._ended = ended
        #: The protocol switched to, as the upstream named it.
        self.protocol = protocol

    async def receive(self) -> bytes:
        """See ``Tunnel.receive``."""
        if self._early:
            early, self._early = self._early, b""
            return early
        try:
            return await self._stream.receive()
        except StreamLost as exc:
            raise UpstreamReset("the tunnel broke") from exc

    async def send(self, data: bytes) -> None:
        """See ``Tunnel.send``."""
        self._stream.write(data)
        try:
            await self._stream.drain()
        except StreamLost as exc:
            raise UpstreamReset("the tunnel broke") from exc

    def send_eof(self) -> None:
        """See ``Tunnel.send_eof``."""
        self._stream.send_eof()

    def abort(self) -> None:
        """See ``Tunnel.abort``."""
        self._ended(Termination.NORMAL)
        self._stream.abort()

    def __repr__(self) -> str:
        return f"<UpstreamTunnel {self._stream!r}>"


class TunnelCopy:
    """Copies between a client and a tunnel until both sides have ended, one has broken, or both are quiet for *idle_s*.

    ``bytes_in`` and ``bytes_out`` count what the client sent and got.
    """

    __slots__ = ("_cause", "_client", "_idle_s", "_last_s", "_tunnel", "bytes_in", "bytes_out")

    def __init__(self, client: Stream, tunnel: Tunnel, idle_s: float) -> None:
        self._client = client
        self._tunnel = tunnel
        self._idle_s = idle_s
        self._last_s = 0.0
        self._cause = Termination.NORMAL
        self.bytes_in = 0
        self.bytes_out = 0

    async def run(self, early: bytes) -> Termination:
        """Copy to the end; how it ended. Args: early: bytes the client sent before the 101."""
        self._touch()
        upward = self._client.loop.create_task(self._copy_up(early))
        try:
            if await self._copy_down():
                await upward
        finally:
            upward.cancel()
            await asyncio.wait([upward])
            self._tunnel.abort()
        return self._cause

    def _touch(self) -> None:
        self._last_s = self._client.clock.monotonic()

    def _break(self, cause: Termination) -> None:
        """End both directions; the first cause is the cause."""
        if self._cause is Termination.NORMAL:
            self._cause = cause
        self._tunnel.abort()

    async def _copy_up(self, data: bytes) -> None:
        try:
            while True:
                if data:
                    self.bytes_in += len(data)
                    self._touch()
                    await self._tunnel.send(data)
                data = await self._receive_up()
                if not data:
                    break
            self._tunnel.send_eof()
            await self._wait_quiet()
        except (StreamLost, StreamTimedOut) as exc:
            self._break(Termination.CLIENT_ABORT if isinstance(exc, StreamLost) else Termination.UPSTREAM_TIMEOUT)
        except UpstreamReset:
            self._break(Termination.UPSTREAM_RESET)

    async def _receive_up(self) -> bytes:
        """The client's next bytes; a client may be quiet for as long as the other side is not."""
        while True:
            try:
                return await self._client.receive(self._last_s + self._idle_s)
            except StreamTimedOut:
                if self._client.clock.monotonic() >= self._last_s + self._idle_s:
                    raise
                self._client.clear_timeout()

    async def _wait_quiet(self) -> None:
        """The client has said its last; raise StreamTimedOut once the upstream has been quiet for too long, too."""
        while (left_s := self._last_s + self._idle_s - self._client.clock.monotonic()) > 0:
            await asyncio.sleep(left_s)
        raise StreamTimedOut("tunnel idle")

    async def _copy_down(self) -> bool:
        """Whether the upstream ended its side well."""
        client = self._client
        try:
            while data := await self._tunnel.receive():
                self.bytes_out += len(data)
                self._touch()
                client.write(data)
                if client.is_writing_paused:
                    await client.drain(client.clock.monotonic() + self._idle_s)
        except UpstreamReset:
            self._break(Termination.UPSTREAM_RESET)
            client.abort()
            return False
        except (StreamLost, StreamTimedOut):
            self._break(Termination.CLIENT_ABORT)
            return False
        client.send_eof()
        return True
