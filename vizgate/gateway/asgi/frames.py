"""Frames to the upstream, messages to the ASGI server.

In: ``UpstreamHandshake`` and ``FrameRelay``; the only home of the library ``websockets``, whose sans-IO client speaks
over a tunnel of this gateway. Not in: the way to the tunnel (``gateway.asgi.websocket``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import cast

from websockets.client import ClientProtocol
from websockets.exceptions import InvalidState, ProtocolError
from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from vizgate.errors import InvalidResponse, Termination, UpstreamReset
from vizgate.gateway.asgi.messages import Message, Receive, Send
from vizgate.message.headers import Field
from vizgate.pipeline.response import Response, Tunnel

#: The longest message of an upstream that is relayed, in bytes; over it both sides are closed with 1009. ASGI has whole
#: messages only, so this much is kept in memory; uvicorn's limit for clients is the same.
MAX_MESSAGE_BYTES = 16 * 1024 * 1024
#: How long an upstream may take to close after both sides have said so.
CLOSE_WAIT_S = 10.0
#: Pings that an upstream may send without reading the answers.
MAX_UNREAD_PONGS = 1000

# Names of the closing codes that an application may send (RFC 6455 7.4): others stand for what happened locally.
_UNSENDABLE = frozenset({CloseCode.NO_STATUS_RCVD, CloseCode.ABNORMAL_CLOSURE, CloseCode.TLS_HANDSHAKE})
_SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"


class UpstreamHandshake:
    """The opening handshake with an upstream, as its client. No extension is offered: the server has its own."""

    __slots__ = ("_protocol", "fields")

    def __init__(self, subprotocols: Sequence[str]) -> None:
        offered = [Subprotocol(item) for item in subprotocols]
        # The URI is only for the request that this protocol would write itself.
        uri = parse_uri("ws://upstream.invalid/")
        self._protocol = ClientProtocol(uri, subprotocols=offered or None, max_size=MAX_MESSAGE_BYTES)
        #: What a request must carry to be a handshake.
        self.fields: list[Field] = [
            (b"Sec-WebSocket-Key", self._protocol.key.encode()),
            (b"Sec-WebSocket-Version", b"13"),
        ]
        if subprotocols:
            self.fields.append((b"Sec-WebSocket-Protocol", ", ".join(subprotocols).encode("latin-1")))

    @property
    def subprotocol(self) -> str | None:
        """What the upstream chose, once the handshake is finished."""
        return self._protocol.subprotocol

    def finish(self, response: Response) -> None:
        """Check *response*, a 101. Raises: InvalidResponse: it is not an answer to this handshake."""
        told = [field for field in response.headers.raw if field[0].lower().startswith(b"sec-websocket-")]
        self._protocol.receive_data(_SWITCH + b"".join([b"%b: %b\r\n" % field for field in told]) + b"\r\n")
        self._protocol.events_received()
        if self._protocol.handshake_exc is not None:
            raise InvalidResponse("not a valid WebSocket handshake") from self._protocol.handshake_exc

    def relay(self, tunnel: Tunnel, stall_s: float) -> FrameRelay:
        """What relays behind the finished handshake. Args: stall_s: the longest time the upstream may not read."""
        return FrameRelay(self._protocol, tunnel, stall_s)

    def __repr__(self) -> str:
        return f"<UpstreamHandshake [{self._protocol.state.name.lower()}]>"


class FrameRelay:
    """Relays messages until one side closes; a slow reader on either side slows down the other.

    ``bytes_in`` and ``bytes_out`` count what the client sent and got, as payload.
    """

    __slots__ = ("_closing", "_ended_by", "_flusher", "_is_client_there", "_is_text", "_parts", "_pongs", "_protocol",
                 "_send", "_stall_s", "_tunnel", "_writing", "bytes_in", "bytes_out")  # fmt: skip

    def __init__(self, protocol: ClientProtocol, tunnel: Tunnel, stall_s: float) -> None:
        self._protocol = protocol
        self._tunnel = tunnel
        self._stall_s = stall_s
        self._writing = asyncio.Lock()
        self._flusher: asyncio.Task[None] | None = None
        self._closing: asyncio.TimerHandle | None = None
        self._send: Send | None = None
        self._is_client_there = True
        self._ended_by = Termination.NORMAL
        self._parts: list[bytes] = []
        self._is_text = False
        self._pongs = 0
        self.bytes_in = 0
        self.bytes_out = 0

    async def run(self, first: asyncio.Future[Message], receive: Receive, send: Send) -> Termination:
        """Relay to the end; how it ended. Args: first: the client's first message, which is being received already."""
        self._send = send
        upward = asyncio.get_running_loop().create_task(self._copy_up(first, receive))
        try:
            await self._copy_down()
        finally:
            tasks = [task for task in (upward, self._flusher) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            if self._closing is not None:
                self._closing.cancel()
            self._tunnel.abort()
        if not upward.cancelled() and (error := upward.exception()) is not None:
            raise error
        return self._ended_by

    def _blame(self, cause: Termination) -> None:
        """Remember *cause*; the first one counts."""
        if self._ended_by is Termination.NORMAL:
            self._ended_by = cause
        if cause is Termination.CLIENT_ABORT:
            self._is_client_there = False

    def _break(self, cause: Termination) -> None:
        """End both directions."""
        self._blame(cause)
        self._tunnel.abort()

    # upwards

    async def _copy_up(self, first: asyncio.Future[Message], receive: Receive) -> None:
        try:
            message = await first
            while message["type"] == "websocket.receive":
                self._queue_up(message)
                await self._flush()
                message = await receive()
            self._is_client_there = False
            self._queue_close(message)
            await self._flush()
        except InvalidState:
            pass  # the upstream has closed: what the client says has no reader any more
        except UpstreamReset:
            pass  # the other direction finds out, too, and says so
        except TimeoutError:
            self._break(Termination.UPSTREAM_TIMEOUT)
        except Exception:
            self._break(Termination.CLIENT_ABORT)
            raise

    def _queue_up(self, message: Message) -> None:
        text = message.get("text")
        if text is not None:
            data = text.encode()
            self._protocol.send_text(data)
        else:
            data = bytes(message.get("bytes") or b"")
            self._protocol.send_binary(data)
        self.bytes_in += len(data)

    def _queue_close(self, message: Message) -> None:
        """Say to the upstream how the client went."""
        code = message.get("code") or CloseCode.NO_STATUS_RCVD
        if code == CloseCode.ABNORMAL_CLOSURE:
            # RFC 6455 7.4.1: 1006 "MUST NOT be set as a status code in a Close control frame by an endpoint".
            self._break(Termination.CLIENT_ABORT)
            return
        self._limit_closing()
        try:
            if code in _UNSENDABLE:
                self._protocol.send_close()
            else:
                self._protocol.send_close(code, _reason(message))
        except ProtocolError:
            self._protocol.send_close(CloseCode.GOING_AWAY)

    async def _flush(self) -> None:
        async with self._writing:
            self._pongs = 0
            data = b"".join(self._protocol.data_to_send())
            if data:
                async with asyncio.timeout(self._stall_s):
                    await self._tunnel.send(data)

    def _flush_soon(self) -> None:
        # Never waited for by the reader: an upstream that writes before it reads would wait for us for ever.
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.get_running_loop().create_task(self._flush_quietly())

    async def _flush_quietly(self) -> None:
        try:
            await self._flush()
        except UpstreamReset:
            pass
        except TimeoutError:
            self._break(Termination.UPSTREAM_TIMEOUT)

    def _limit_closing(self) -> None:
        if self._closing is None:
            self._closing = asyncio.get_running_loop().call_later(CLOSE_WAIT_S, self._tunnel.abort)

    # downwards

    async def _copy_down(self) -> None:
        """Relay until the upstream's connection has ended."""
        protocol = self._protocol
        try:
            while data := await self._tunnel.receive():
                protocol.receive_data(data)
                for event in protocol.events_received():
                    await self._deliver(cast("Frame", event))
                if protocol.parser_exc is not None:
                    self._flush_soon()
                    await self._fail_client(protocol)
        except UpstreamReset:
            pass  # no closing handshake, as when it just ends
        if protocol.state is State.OPEN:
            self._blame(Termination.UPSTREAM_RESET)
            # IANA: 1014 Bad Gateway, "the server was acting as a gateway or proxy and received an invalid response".
            await self._close_client(CloseCode.BAD_GATEWAY)

    async def _deliver(self, frame: Frame) -> None:
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
            if frame.opcode is not Opcode.CONT:
                self._is_text = frame.opcode is Opcode.TEXT
            self._parts.append(bytes(frame.data))
            if frame.fin:
                data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
                self._parts.clear()
                await self._send_message(data)
        elif frame.opcode is Opcode.PING:
            self._pongs += 1
            if self._pongs > MAX_UNREAD_PONGS:
                self._break(Termination.UPSTREAM_INVALID)
            self._flush_soon()
        elif frame.opcode is Opcode.CLOSE:
            self._flush_soon()
            self._limit_closing()
            close = self._protocol.close_rcvd
            assert close is not None
            await self._close_client(close.code, close.reason)

    async def _send_message(self, data: bytes) -> None:
        message: Message = {"type": "websocket.send", "bytes": data}
        if self._is_text:
            try:
                message = {"type": "websocket.send", "text": data.decode()}
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA)
                self._flush_soon()
                await self._fail_client(self._protocol)
                return
        await self._emit(message)
        self.bytes_out += len(data)

    async def _fail_client(self, protocol: ClientProtocol) -> None:
        """The upstream broke the protocol; the frame that says so to it is queued already."""
        self._limit_closing()
        self._blame(Termination.UPSTREAM_INVALID)
        sent = protocol.close_sent
        too_big = sent is not None and sent.code == CloseCode.MESSAGE_TOO_BIG
        await self._close_client(CloseCode.MESSAGE_TOO_BIG if too_big else CloseCode.BAD_GATEWAY)

    async def _close_client(self, code: int, reason: str = "") -> None:
        code = CloseCode.NORMAL_CLOSURE if code in _UNSENDABLE else code
        await self._emit({"type": "websocket.close", "code": int(code), "reason": reason})
        self._is_client_there = False

    async def _emit(self, message: Message) -> None:
        """Send *message* to a client that is there; what comes too late for it is dropped."""
        if not self._is_client_there:
            return
        assert self._send is not None
        try:
            await self._send(message)
        except OSError:
            self._break(Termination.CLIENT_ABORT)

    def __repr__(self) -> str:
        return f"<FrameRelay [{self._protocol.state.name.lower()}, {self.bytes_in} bytes in, {self.bytes_out} out]>"


def _reason(message: Message) -> str:
    reason = message.get("reason") or ""
    # RFC 6455 5.5: a control frame holds 125 bytes, two of them the code.
    return reason.encode()[:123].decode(errors="ignore")
