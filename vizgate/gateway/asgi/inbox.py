"""What an ASGI server tells about one HTTP request: its body, and later that the client has gone.

In: ``Inbox`` and ``AsgiBody``. Not in: where the body goes (``gateway.http1.upload``).
"""

from __future__ import annotations

import asyncio

from vizgate.clock import Clock
from vizgate.errors import BadBody, ClientGone, RequestTimedOut
from vizgate.gateway.asgi.messages import Message, Receive
from vizgate.gateway.asgi.watch import ClientWatch
from vizgate.gateway.once_body import OnceBody
from vizgate.gateway.plan import UploadLimits
from vizgate.message.heads import NO_BODY, BodyKind, Framing
from vizgate.pipeline.body import EMPTY, Body, BytesBody

# RFC 9110 15.5.9 leaves the time to the server; a rate means nothing before some time has passed.
_RATE_AFTER_S = 10.0


class Inbox:
    """The messages to one request. A body is read when it is asked for; behind it, the client is watched.

    Args: watch: is told when the client goes away while nobody reads.
    """

    __slots__ = ("_receive", "_task", "_watch")

    def __init__(self, receive: Receive, watch: ClientWatch) -> None:
        self._receive = receive
        self._watch = watch
        self._task: asyncio.Task[None] | None = None

    async def open(self, framing: Framing, limits: UploadLimits, clock: Clock) -> Body:
        """The body. Raises: ClientGone: there is nobody any more."""
        if framing is not NO_BODY:
            return AsgiBody(self, framing.length if framing.kind is BodyKind.LENGTH else None, limits, clock)
        # Over HTTP/2 and later a body needs no field that announces it; the first message tells at once.
        message = await self.next()
        if message.get("more_body", False):
            body = AsgiBody(self, None, limits, clock)
            body.begin(message)
            return body
        self.watch_client()
        data = bytes(message.get("body", b""))
        return BytesBody(data) if data else EMPTY

    async def next(self) -> Message:
        """The next message of the body. Raises: ClientGone: there will be none."""
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGone("the client broke off its request")
        return message

    def watch_client(self) -> None:
        """The body is complete: whatever comes now is the end of the client."""
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._wait_gone())

    async def _wait_gone(self) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._watch.gone()

    def close(self) -> None:
        """Listen no more."""
        if self._task is not None:
            self._task.cancel()

    def __repr__(self) -> str:
        return f"<Inbox [{'reading' if self._task is None else 'watching'}]>"


class AsgiBody(OnceBody):
    """See ``pipeline.body.Body``. Waiting for its next part is what makes the server read on from the client.

    ``is_complete``: whether its end was seen.
    """

    __slots__ = ("_clock", "_first", "_inbox", "_limits", "_waited_s", "is_complete")

    def __init__(self, inbox: Inbox, length: int | None, limits: UploadLimits, clock: Clock) -> None:
        super().__init__(length, [])  # ASGI has no request trailers
        self.is_complete = False
        self._clock = clock
        self._first: Message | None = None
        self._inbox = inbox
        self._limits = limits
        self._waited_s = 0.0

    def begin(self, message: Message) -> None:
        """Take the first *message*, which was read already."""
        self._first = message

    async def _next_content(self) -> bytes:
        """See ``OnceBody``."""
        while not self.is_complete:
            first, self._first = self._first, None
            content = self._take(await self._next() if first is None else first)
            if content:
                return content
        return b""

    def _take(self, message: Message) -> bytes:
        content = bytes(message.get("body", b""))
        self.received_bytes += len(content)
        self._check_limit()
        if not message.get("more_body", False):
            self.is_complete = True
            self._inbox.watch_client()
        # The length goes to the upstream: a body that is another would make what follows it a request.
        if self.length is not None and not self._fits(self.length):
            raise BadBody("the body is not as long as Content-Length says")
        return content

    def _fits(self, length: int) -> bool:
        return self.received_bytes == length if self.is_complete else self.received_bytes <= length

    async def _next(self) -> Message:
        limits, before_s = self._limits, self._clock.monotonic()
        try:
            async with asyncio.timeout(limits.idle_s):
                message = await self._inbox.next()
        except TimeoutError as exc:
            raise RequestTimedOut("the request body stalled") from exc
        self._waited_s += self._clock.monotonic() - before_s
        if self._waited_s > _RATE_AFTER_S and self.received_bytes < self._waited_s * limits.rate_bytes:
            raise RequestTimedOut("the request body comes too slowly")
        return message

    def __repr__(self) -> str:
        return f"<AsgiBody [{self.received_bytes} bytes, {'complete' if self.is_complete else 'arriving'}]>"
