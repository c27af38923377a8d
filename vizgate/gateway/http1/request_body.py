"""A request body as it arrives on a downstream connection.

In: ``ReceivedBody`` (all of it came with the head) and ``ArrivingBody``. Not in: where it goes
(``gateway.http1.upload``).
"""

from __future__ import annotations

from collections.abc import Callable

from vizgate.errors import ClientGone, RequestTimedOut
from vizgate.gateway.once_body import OnceBody
from vizgate.gateway.plan import UploadLimits
from vizgate.message.headers import Field
from vizgate.message.heads import KIND_LENGTH, Framing
from vizgate.pipeline.body import BytesBody
from vizgate.transport.stream import Stream, StreamLost, StreamTimedOut
from vizgate.wire.bodies import BodyDecoder

# RFC 9110 15.5.9 leaves the time to the server; a rate means nothing before some time has passed.
_RATE_AFTER_S = 10.0


class ReceivedBody(BytesBody):
    """A body in memory that came chunked: its length stays untold, so that it leaves as it came, trailers included."""

    __slots__ = ()

    def __init__(self, data: bytes, trailers: list[Field]) -> None:
        super().__init__(data)
        self.length = None
        self.trailers = trailers


class ArrivingBody(OnceBody):
    """See ``pipeline.body.Body``. A client that expects 100 (Continue) gets it when the body is first waited for.

    ``rest``: what came after the end. ``is_complete``: whether its end was seen.
    """

    __slots__ = ("_decoder", "_first", "_limits", "_say_continue", "_stream", "_waited_s")

    def __init__(
        self,
        stream: Stream,
        framing: Framing,
        decoder: BodyDecoder,
        limits: UploadLimits,
        say_continue: Callable[[], None],
    ) -> None:
        super().__init__(framing.length if framing.kind is KIND_LENGTH else None, decoder.trailers)
        self._stream = stream
        self._decoder = decoder
        self._limits = limits
        self._say_continue = say_continue
        self._first = b""
        self._waited_s = 0.0

    def begin(self, content: bytes) -> None:
        """Take the content that came with the head."""
        self._first = content

    @property
    def is_complete(self) -> bool:
        """Whether the whole body has come."""
        return self._decoder.done

    @property
    def rest(self) -> bytes:
        """What came after the end of the body."""
        return self._decoder.rest

    async def _next_content(self) -> bytes:
        """See ``OnceBody``."""
        content, self._first = self._first, b""
        while not content:
            if self._decoder.done:
                return b""
            self._check_limit(self._decoder.announced)
            content = self._decoder.feed(await self._receive())
        self.received_bytes += len(content)
        self._check_limit()
        return content

    async def _receive(self) -> bytes:
        stream, limits = self._stream, self._limits
        data = stream.take()
        if data:
            return data
        self._say_continue()
        before_s = stream.clock.monotonic()
        try:
            data = await stream.receive(before_s + limits.idle_s)
        except StreamTimedOut as exc:
            stream.clear_timeout()
            raise RequestTimedOut("the request body stalled") from exc
        except StreamLost as exc:
            raise ClientGone("the client broke off its request") from exc
        if not data:
            raise ClientGone("the client ended the connection inside its request")
        # Only time spent waiting for the client counts: a slow upstream must not make a client look slow.
        self._waited_s += stream.clock.monotonic() - before_s
        if self._waited_s > _RATE_AFTER_S and self.received_bytes + len(data) < self._waited_s * limits.rate_bytes:
            raise RequestTimedOut("the request body comes too slowly")
        return data

    def __repr__(self) -> str:
        return f"<ArrivingBody [{self.received_bytes} bytes, {'complete' if self.is_complete else 'arriving'}]>"
