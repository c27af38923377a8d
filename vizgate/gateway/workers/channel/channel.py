"""Questions and answers between two processes.

In: ``Channel``. Not in: the form of messages (``channel.frames``), and which questions there are (``workers.worker``,
``workers.supervisor``).
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vizgate.errors import VizgateError
from vizgate.gateway.workers.channel.frames import BadFrame, Frames, Message, encode
from vizgate.gateway.workers.channel.rights import Outbox, receive

_log = logging.getLogger("vizgate.workers")

# What may be in the air in each direction. A process whose loop stands still answers nothing, and must not fill us up.
_MOST_ASKS = 1024
_MOST_SERVED = 1024


class ChannelClosed(VizgateError):
    """The other process is gone, or does not take any more."""


class Refused(VizgateError):
    """The other process cannot do it. ``details``: JSON values, by what was asked."""

    def __init__(self, reason: str, details: Any = None) -> None:
        super().__init__(reason)
        self.details = details


@dataclass(slots=True)
class Asked:
    """A question, and what came with it. ``files``: descriptors; what is not taken out is closed afterwards."""

    body: Any
    blob: bytes = b""
    files: list[int] = field(default_factory=list)


Serve = Callable[[Asked], Awaitable[Any]]


class Channel:
    """One end of *sock*; *serve* answers the other end's questions, by their names, with JSON values.

    What *serve* raises is a refusal there; only a ``VizgateError`` says why.
    """

    def __init__(self, sock: socket.socket, serve: Mapping[str, Serve]) -> None:
        self._sock = sock
        self._serve = serve
        self._frames = Frames()
        self._outbox = Outbox()
        # Of one message each; None where they were lost.
        self._files: deque[list[int] | None] = deque()
        self._asks: dict[int, asyncio.Future[Any]] = {}
        self._number = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.get_running_loop()
        self._closed = asyncio.Event()

    def open(self) -> None:
        """Begin to listen."""
        self._sock.settimeout(0)
        self._loop.add_reader(self._sock, self._on_readable)

    @property
    def is_closed(self) -> bool:
        """Whether nothing can be said any more."""
        return self._closed.is_set()

    async def wait_closed(self) -> None:
        """Return when the other process is gone, or ``close`` was called."""
        await self._closed.wait()

    async def ask(
        self,
        name: str,
        body: Any = None,
        *,
        blob: bytes = b"",
        files: Sequence[int] = (),
        timeout_s: float | None = None,
    ) -> Any:
        """The answer to *name*. Args: files: descriptors that the other process gets duplicates of.

        Raises: ChannelClosed: it is gone. Refused: it cannot. TimeoutError: no answer within *timeout_s*.
        """
        if len(self._asks) >= _MOST_ASKS:
            raise ChannelClosed("too many questions are unanswered")
        self._number = number = self._number + 1
        self._send(Message("ask", number, name, body, blob, len(files)), files)
        self._asks[number] = answer = self._loop.create_future()
        try:
            async with asyncio.timeout(timeout_s):
                return await answer
        finally:
            self._asks.pop(number, None)

    def tell(self, name: str, body: Any = None) -> None:
        """Say *name* without waiting for an answer. Raises: ChannelClosed: nobody is there."""
        self._send(Message("tell", 0, name, body))

    def _send(self, message: Message, files: Sequence[int] = ()) -> None:
        if self.is_closed:
            raise ChannelClosed("the other process is gone")
        is_idle = not self._outbox
        self._outbox.put(encode(message), files)
        if is_idle:
            self._flush()

    def _flush(self) -> None:
        try:
            is_done = self._outbox.send(self._sock)
        except OSError:
            self.close()
            return
        if is_done:
            self._loop.remove_writer(self._sock)
        else:
            self._loop.add_writer(self._sock, self._flush)

    def _on_readable(self) -> None:
        try:
            data, files = receive(self._sock)
        except BlockingIOError:
            return
        except OSError as exc:
            _log.debug("channel: %s", exc)
            data, files = b"", []
        if files != []:
            self._files.append(files)
        if not data:
            self.close()
            return
        try:
            for message in self._frames.feed(data):
                self._take(message)
        except BadFrame as exc:
            _log.error("channel: %s", exc)
            self.close()

    def _take(self, message: Message) -> None:
        if message.kind in ("ask", "tell"):
            files = self._files_of(message)
            if files is None:
                self._refuse(message, "no file is left for it: too many are open")
                return
            asked = Asked(message.body, message.blob, files)
            task = self._loop.create_task(self._answer(message, asked))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            return
        future = self._asks.get(message.number)
        if future is None or future.done():
            return
        if message.kind == "answer":
            future.set_result(message.body)
        else:
            future.set_exception(Refused(message.name, message.body))

    def _files_of(self, message: Message) -> list[int] | None:
        """What came with *message*; None when it was lost. Raises: BadFrame: it is not what was announced."""
        if not message.files:
            return []
        files = self._files.popleft() if self._files else []
        if files is not None and len(files) != message.files:
            _close(files)
            raise BadFrame("descriptors are missing")
        return files

    def _refuse(self, message: Message, reason: str) -> None:
        if message.kind == "ask":
            self._send(Message("refusal", message.number, reason))

    async def _answer(self, message: Message, asked: Asked) -> None:
        reply = await self._reply(message, asked)
        _close(asked.files)
        if message.kind == "ask" and not self.is_closed:
            self._send(reply)

    async def _reply(self, message: Message, asked: Asked) -> Message:
        serve = self._serve.get(message.name)
        if serve is None or len(self._tasks) > _MOST_SERVED:
            return Message("refusal", message.number, "not known" if serve is None else "too busy")
        try:
            return Message("answer", message.number, body=await serve(asked))
        except VizgateError as exc:
            return Message("refusal", message.number, str(exc), getattr(exc, "details", None))
        except Exception as exc:  # noqa: BLE001  # whatever it is, the other process waits for an answer
            _log.exception("%s failed", message.name)
            return Message("refusal", message.number, f"{type(exc).__name__}: {exc}")

    def close(self) -> None:
        """Say and hear nothing more."""
        if self.is_closed:
            return
        self._closed.set()
        self._loop.remove_reader(self._sock)
        self._loop.remove_writer(self._sock)
        self._outbox.clear()
        self._sock.close()
        while self._files:
            _close(self._files.popleft() or ())
        for future in self._asks.values():
            if not future.done():
                future.set_exception(ChannelClosed("the other process is gone"))

    def __repr__(self) -> str:
        state = "closed" if self.is_closed else f"{len(self._asks)} asked, {len(self._tasks)} being answered"
        return f"<Channel [{state}]>"


def _close(files: Sequence[int]) -> None:
    for fd in files:
        os.close(fd)
