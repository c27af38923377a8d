"""Bytes both ways after a 101.

In: ``UpstreamTunnel`` and ``TunnelCopy``. Not in: whether there may be a tunnel (``gateway.http1.exchange``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from vizgate.errors import Termination, UpstreamReset
from vizgate.pipeline.response import Tunnel
from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut


class TunnelTerms(NamedTuple):
    """What both sides agreed on: the protocol as the upstream named it, and the longest silence in seconds."""

    protocol: bytes
    idle_s: float


class UpstreamTunnel:
    """See ``pipeline.response.Tunnel``. Args: early: bytes that came together with the 101."""

    __slots__ = ("_early", "_ended", "_is_closed", "_stream", "idle_s", "protocol")

    def __init__(
        self, stream: Stream, early: bytes, switched: TunnelTerms, ended: Callable[[Termination], None]
    ) -> None:
        self._stream = stream
        self._early = early
        self._ended = ended
        self._is_closed = False
        self.protocol = switched.protocol
        self.idle_s = switched.idle_s

    async def receive(self) -> bytes:
        """See ``Tunnel.receive``."""
        if self._early:
            early, self._early = self._early, b""
            return early
        try:
            return await self._stream.receive()
        except StreamLost as exc:
            self._ended(Termination.UPSTREAM_RESET)
            raise UpstreamReset("the tunnel broke") from exc

    async def send(self, data: bytes) -> None:
        """See ``Tunnel.send``."""
        self._stream.write(data)
        try:
            if self._stream.is_writing_paused:
                await self._stream.drain(deadline_after(self._stream, self.idle_s))
        except StreamLost as exc:
            raise UpstreamReset("the tunnel broke") from exc
        except StreamTimedOut as exc:
            raise UpstreamReset("the upstream stopped reading") from exc

    def send_eof(self) -> None:
        """See ``Tunnel.send_eof``."""
        self._stream.send_eof()

    def close(self) -> None:
        """See ``Tunnel.close``."""
        self._ended(Termination.NORMAL)
        self._is_closed = True
        self._stream.close()

    def abort(self) -> None:
        """See ``Tunnel.abort``."""
        if not self._is_closed:  # else what was sent last is still on its way
            self._ended(Termination.CLIENT_ABORT)
            self._stream.abort()

    def __repr__(self) -> str:
        return f"<UpstreamTunnel {self._stream!r}>"


def deadline_after(stream: Stream, timeout_s: float) -> float:
    """*timeout_s* from now in the stream's time; 0, which means never, for 0."""
    return stream.clock.monotonic() + timeout_s if timeout_s else 0.0


class TunnelCopy:
    """Copies between a client and a tunnel until both sides have ended, one has broken, or both are quiet for too long.

    ``bytes_in`` and ``bytes_out`` count what the client sent and got.
    """

    __slots__ = (
        "_cause", "_client", "_down_ended", "_knows_end", "_last_s", "_tunnel", "_up_ended", "bytes_in", "bytes_out",
    )  # fmt: skip

    def __init__(self, client: Stream, tunnel: Tunnel) -> None:
        self._client = client
        self._tunnel = tunnel
        self._last_s = 0.0
        self._cause = Termination.NORMAL
        self._up_ended = False
        self._down_ended = False
        # Whether the client was told that nothing more comes. Where that cannot be said, the connection has to end.
        self._knows_end = False
        self.bytes_in = 0
        self.bytes_out = 0

    async def run(self, early: bytes) -> Termination:
        """Copy to the end; how it ended. Args: early: bytes the client sent before the 101."""
        self._touch()
        self._client.on_broken = self._client_broke
        upward = self._client.loop.create_task(self._copy_up(early))
        try:
            await self._copy_down()
            if self._knows_end and not self._up_ended:
                await upward
        except asyncio.CancelledError:
            # The gateway stops: neither side has done anything wrong.
            self._tunnel.close()
            raise
        finally:
            self._client.on_broken = None
            upward.cancel()
            await asyncio.wait([upward])
            if self._down_ended and self._cause is Termination.NORMAL:
                self._tunnel.close()
            else:
                self._tunnel.abort()
        return self._cause

    def _client_broke(self) -> None:
        self._break(Termination.CLIENT_ABORT)

    def _touch(self) -> None:
        self._last_s = self._client.clock.monotonic()

    def _quiet_deadline(self) -> float:
        """When both sides will have been quiet for too long; 0 for never."""
        return self._last_s + self._tunnel.idle_s if self._tunnel.idle_s else 0.0

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
            self._up_ended = True
            self._tunnel.send_eof()
            if not self._down_ended:
                await self._wait_quiet()
        except StreamLost:
            self._break(Termination.CLIENT_ABORT)
        except StreamTimedOut:
            self._break(Termination.UPSTREAM_TIMEOUT)
        except UpstreamReset:
            self._break(Termination.UPSTREAM_RESET)

    async def _receive_up(self) -> bytes:
        """The client's next bytes; a client may be quiet for as long as the other side is not."""
        while True:
            try:
                return await self._client.receive(self._quiet_deadline())
            except StreamTimedOut:
                if self._client.clock.monotonic() >= self._quiet_deadline():
                    raise
                self._client.clear_timeout()

    async def _wait_quiet(self) -> None:
        """The client has said its last; raise StreamTimedOut once the upstream has been quiet for too long, too."""
        while deadline_s := self._quiet_deadline():
            left_s = deadline_s - self._client.clock.monotonic()
            if left_s <= 0:
                raise StreamTimedOut("tunnel idle")
            await asyncio.sleep(left_s)

    async def _copy_down(self) -> None:
        client = self._client
        try:
            while data := await self._tunnel.receive():
                self.bytes_out += len(data)
                self._touch()
                client.write(data)
                if client.is_writing_paused:
                    await client.drain(deadline_after(client, self._tunnel.idle_s))
        except UpstreamReset:
            self._break(Termination.UPSTREAM_RESET)
            client.abort()
        except (StreamLost, StreamTimedOut):
            self._break(Termination.CLIENT_ABORT)
        else:
            self._down_ended = True
            self._knows_end = client.send_eof()
