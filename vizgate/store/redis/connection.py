"""One connection to Redis that many ask over at once.

In: ``Connection``: what is asked in one turn of the loop leaves in one write, each reply goes to whoever asked, scripts
are loaded when they are first needed, waiting is bounded in time and in number. Not in: making connections
(``store.redis.connect``), and making them anew (``store.redis.store``).
"""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from typing import Final, cast

from vizgate.extension.store import Cells, StoreFailed
from vizgate.observe.metrics import Counter
from vizgate.store.redis.resp import ErrorReply, ProtocolFault, Reply, ReplyReader, command
from vizgate.store.redis.script import Script, from_text

#: More are not asked at once: a Redis that is behind does not get further by more of the same. As many as there may be
#: clients, who could otherwise have a limit lifted that lets pass what it cannot count, by all coming at once.
MAX_IN_FLIGHT: Final = 10_000
# While replies keep coming, a long queue is no reason to give up; for so many time limits.
_STEADY = 10
# A connection that says nothing for this long after a reply was due is given up.
_GIVE_UP_S = 1.0
_LOOK_AGAIN_S = 0.25
# Turns of the loop after which what had arrived when a reply became due has been read, whatever the loop does first.
_TURNS = 3
_NOT_SENT: Final = float("inf")

# Replies that tell that another server must be asked, or this one over a new connection.
_LEAVE = frozenset({"READONLY", "MASTERDOWN", "NOAUTH"})


@dataclass(slots=True, eq=False)
class Asked:
    """A command that waits for its reply. ``loads``: how often its script had been loaded when it was sent."""

    future: asyncio.Future[Cells]
    script: Script
    call: bytes
    loads: int
    sent_s: float = _NOT_SENT
    is_repeated: bool = False


class Connection(asyncio.Protocol):
    """Meant for ``asyncio.loop.create_connection``.

    Args: timeout_s: how long the result of a script may take from when it was sent, or, while results of others come,
    from the last one; ten times as long at most. failures: counts those that were asked for and did not come.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, timeout_s: float, failures: Counter) -> None:
        self._loop = loop
        self._timeout_s = timeout_s
        self._failures = failures
        self._reader = ReplyReader()
        self._transport: asyncio.Transport | None = None
        # Replies come in the order of commands, so whoever is first here gets the next one. Those who have given up
        # stay until their reply has come: else the next one would take it for its own.
        self._waiting: deque[Asked | asyncio.Future[Reply]] = deque()
        self._out: list[bytes] = []
        self._unsent: list[Asked] = []
        self._heard_s = 0.0
        self._loads: dict[bytes, int] = {}
        self._timer: asyncio.Handle | None = None
        self._turns = 0
        #: Whether a reply is late; nothing is asked until it has come.
        self.is_late = False
        #: Done with the reason, when the connection has ended.
        self.ended: asyncio.Future[str] = loop.create_future()
        self._reason = "the connection was closed by the other side"
        self._is_closing = False

    # asking

    def ask(self, *parts: bytes) -> asyncio.Future[Reply]:
        """The reply to a command of *parts*; a StoreFailed when the connection ends before. It has no time limit."""
        future: asyncio.Future[Reply] = self._loop.create_future()
        self._send(command(*parts), future)
        return future

    def run(self, script: Script, call: bytes) -> asyncio.Future[Cells]:
        """The result of *call*, which is ``script.call(...)``.

        Raises (at once or when awaited): StoreFailed: it is late, refused, or the connection has ended.
        """
        if self.is_late or self._is_closing:
            raise StoreFailed("Redis does not answer in time")
        if len(self._waiting) >= MAX_IN_FLIGHT:
            raise StoreFailed(f"{MAX_IN_FLIGHT} answers of Redis are waited for already")
        future: asyncio.Future[Cells] = self._loop.create_future()
        loads = self._loads.get(script.sha) or self._load(script)
        asked = Asked(future, script, call, loads)
        self._send(call, asked)
        self._unsent.append(asked)
        return future

    def _load(self, script: Script) -> int:
        loads = self._loads.get(script.sha, 0) + 1
        self._loads[script.sha] = loads
        # Its reply tells nothing that the reply to the script itself would not.
        self.ask(b"SCRIPT", b"LOAD", script.text.encode()).add_done_callback(_seen)
        return loads

    def _send(self, data: bytes, asked: Asked | asyncio.Future[Reply]) -> None:
        if not self._out:
            self._loop.call_soon(self._flush)
        self._out.append(data)
        self._waiting.append(asked)

    def _flush(self) -> None:
        data, self._out = b"".join(self._out), []
        # It may have ended since this was asked; who waited has been told, and uvloop's transport raises then.
        if self._transport is not None and not self._is_closing:
            self._transport.write(data)
        # From now on, not from when it was asked: the loop may have been busy in between, and Redis cannot help that.
        now_s = self._loop.time()
        unsent, self._unsent = self._unsent, []
        for asked in unsent:
            asked.sent_s = now_s
        if unsent and self._timer is None and not self.ended.done():
            self._timer = self._loop.call_at(now_s + self._timeout_s, self._check)

    # replies

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See ``asyncio.Protocol``."""
        # Not an instance check: transports of uvloop do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See ``asyncio.Protocol``."""
        self._heard_s = self._loop.time()
        waiting = self._waiting
        try:
            for reply in self._reader.feed(data):
                if not waiting:
                    raise ProtocolFault("a reply came that nobody asked for")  # noqa: TRY301  # as the reader's own
                asked = waiting.popleft()
                if isinstance(asked, Asked):
                    self._answer(asked, reply)
                elif not asked.done():
                    asked.set_result(reply)
        except ProtocolFault as exc:
            self.close(f"it is no Redis: {exc}")
            return
        if self.is_late:
            self.is_late = bool(waiting) and self._due_s(waiting[0]) <= self._heard_s

    def _answer(self, asked: Asked, reply: Reply) -> None:
        if isinstance(reply, bytes):
            if not asked.future.done():
                self._set_numbers(asked.future, reply)
        elif not isinstance(reply, ErrorReply):
            raise ProtocolFault("a script was not answered with a text")
        elif reply.code == "NOSCRIPT" and not asked.is_repeated:
            self._repeat(asked)
        else:
            self._fail(asked.future, f"Redis refused: {reply.message}")
            if reply.code in _LEAVE:
                self.close(f"it refused: {reply.message}")

    def _set_numbers(self, future: asyncio.Future[Cells], reply: bytes) -> None:
        try:
            future.set_result(from_text(reply))
        except ValueError:
            self._fail(future, "Redis answered with something else than numbers")

    def _fail(self, future: asyncio.Future[Cells], message: str) -> None:
        if not future.done():
            self._failures.value += 1
            future.set_exception(StoreFailed(message))

    def _repeat(self, asked: Asked) -> None:
        """Redis has lost the script, so it was not run; its own deadline goes on."""
        if asked.loads == self._loads[asked.script.sha]:
            self._load(asked.script)
        asked.is_repeated = True
        self._send(asked.call, asked)

    # time

    def _due_s(self, asked: Asked | asyncio.Future[Reply]) -> float:
        """When the reply to *asked* is late."""
        if not isinstance(asked, Asked):
            return _NOT_SENT
        since_s = max(asked.sent_s, self._heard_s)
        return min(since_s + self._timeout_s, asked.sent_s + _STEADY * self._timeout_s)

    def _check(self) -> None:
        """Tell those who have waited too long, and come back when the next one will have."""
        self._timer = None
        now_s = self._loop.time()
        due = [(self._due_s(asked), asked) for asked in self._waiting if isinstance(asked, Asked)]
        overdue = [(due_s, asked) for due_s, asked in due if due_s <= now_s]
        if overdue and self._turns < _TURNS:
            # The reply may have come while the loop was busy with others: it is read first.
            self._turns += 1
            self._timer = self._loop.call_soon(self._check)
            return
        self._turns = 0
        for _, asked in overdue:
            self._fail(asked.future, f"Redis did not answer within {self._timeout_s:g} s")
        if overdue:
            self.is_late = True
            if now_s - overdue[0][0] >= _GIVE_UP_S:
                self.close("it does not answer any more")
                return
        if due:
            next_s = min((due_s for due_s, _ in due if now_s < due_s < _NOT_SENT), default=now_s + _LOOK_AGAIN_S)
            self._timer = self._loop.call_at(next_s, self._check)

    # end

    def close(self, reason: str) -> None:
        """End the connection at once; whoever waits is told *reason*."""
        if not self._is_closing:
            self._is_closing = True
            self._reason = reason
            if self._transport is not None:
                self._transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """See ``asyncio.Protocol``."""
        self._is_closing = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        reason = str(exc) if exc is not None else self._reason
        waiting, self._waiting = self._waiting, deque()
        message = f"Redis was lost before it answered: {reason}"
        for asked in waiting:
            if isinstance(asked, Asked):
                self._fail(asked.future, message)
            elif not asked.done():
                asked.set_exception(StoreFailed(message))
        self.ended.set_result(reason)

    def __repr__(self) -> str:
        state = "ended" if self.ended.done() else "late" if self.is_late else "open"
        return f"<Connection [{state} | waiting: {len(self._waiting)}]>"


def _seen(future: asyncio.Future[Reply]) -> None:
    """Whatever became of it."""
    if not future.cancelled():
        future.exception()
