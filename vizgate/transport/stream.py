"""One connection as bytes in and out, with backpressure and a deadline.

In: ``Stream``, used downstream and upstream. Not in: who accepts or opens connections (``transport.listener``,
``transport.pool``) and what the bytes mean (``wire``).
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import math
import select
import socket
import struct
import sys
import termios
import types
from collections.abc import Callable, Generator, Mapping
from typing import Any, cast

from vizgate.clock import Clock
from vizgate.errors import VizgateError
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.tls import has_said_farewell
from vizgate.transport.wakeup import Wakeup

#: Unread bytes above which the peer is not read any further.
HIGH_WATER_BYTES = 128 * 1024
#: How long a closed connection is kept for a peer that has not read all of it, in seconds.
FLUSH_S = 30.0
#: How long the peer of a TLS connection has to answer our farewell, once it has everything.
FAREWELL_S = 1.0
# POLLRDHUP, where there is one (Linux), shows an end behind bytes that nobody has read.
_HANG_UP = select.POLLHUP | select.POLLERR | getattr(select, "POLLRDHUP", 0)
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class StreamLost(VizgateError):
    """The connection broke, or was closed while bytes were to be written."""


class StreamTimedOut(VizgateError):
    """The deadline of a wait passed."""


class Stream(asyncio.Protocol):
    """A connection's byte stream; one task reads, and one (maybe another) writes.

    ``on_unasked`` is called, instead of keeping what comes, when bytes or the end come while nobody reads and nobody
    may expect them. ``on_gone`` is called once when the peer closes or breaks the connection while nobody reads; an
    owner that is busy elsewhere learns by it that its work is for nobody. Owners clear it by setting it to None.
    """

    __slots__ = ("_eof", "_error", "_flush_end_s", "_lost", "_pending", "_pending_bytes", "_read_deadline_s",
                 "_readable", "_reading_paused", "_writable", "_write_deadline_s", "certificate", "clock", "due_s",
                 "is_closing", "is_cut", "is_gone", "is_secure", "is_writing_paused", "loop", "on_broken", "on_gone",
                 "on_lost", "on_unasked", "sweeper", "transport")  # fmt: skip

    def __init__(self, loop: asyncio.AbstractEventLoop, clock: Clock, sweeper: DeadlineSweeper) -> None:
        self.loop = loop
        self.clock = clock
        self.sweeper = sweeper
        self.transport: asyncio.Transport = cast("asyncio.Transport", None)
        self.on_gone: Callable[[], None] | None = None
        self.on_unasked: Callable[[], None] | None = None
        #: Called when the connection breaks while it is not being read, for owners to whom an end alone means nothing.
        self.on_broken: Callable[[], None] | None = None
        #: Called when the connection has ended and all that was written has left, or never will.
        self.on_lost: Callable[[], None] | None = None
        #: Whether ``close`` was called and unsent bytes are still on their way.
        self.is_closing = False
        #: Of the reader (or of an idle connection) and of the writer; 0 for none.
        self._read_deadline_s = 0.0
        self._write_deadline_s = 0.0
        #: Until when ``close`` waits for what was written to leave.
        self._flush_end_s = 0.0
        self.due_s = math.inf
        self._pending: list[bytes] = []
        self._pending_bytes = 0
        self._eof = False
        self._lost = False
        self._error: BaseException | None = None
        self._reading_paused = False
        #: Whether the peer has ended or lost the connection.
        self.is_gone = False
        #: Whether its end may have been made by somebody on the way: in TLS the peer itself says farewell.
        self.is_cut = False
        #: Whether it is a TLS connection.
        self.is_secure = False
        #: The verified certificate of a client, as ``ssl.SSLObject.getpeercert`` tells it; None without one.
        self.certificate: Mapping[str, Any] | None = None
        #: Whether a writer should ``drain`` before it goes on.
        self.is_writing_paused = False
        self._readable = Wakeup(loop)
        self._writable: Wakeup | None = None

    # What the loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        self.transport = cast("asyncio.Transport", transport)
        self.is_secure = transport.get_extra_info("sslcontext") is not None

    def data_received(self, data: bytes) -> None:
        """Keep *data* and resume the reader."""
        self._pending.append(data)
        wakeup = self._readable
        callback = wakeup._callback  # noqa: SLF001  # ``wake``, without its call: this is the hottest line of all
        if callback is not None:
            wakeup._callback = None  # noqa: SLF001
            wakeup._context.run(callback, wakeup)  # type: ignore[union-attr]  # noqa: SLF001
            return
        if self.on_unasked is not None:
            self.on_unasked()
            return
        # Counted only while nobody waits: who waits takes everything at once.
        self._pending_bytes += len(data)
        if self._pending_bytes > HIGH_WATER_BYTES and not self._reading_paused:
            self._reading_paused = True
            self.transport.pause_reading()
            self.sweeper.patrolled[self] = None

    def eof_received(self) -> bool:
        """Remember the end; the transport stays open for writing."""
        self._eof = self.is_gone = True
        self.is_cut = self.is_secure and not has_said_farewell(self.transport)
        if self.on_unasked is not None:
            self.on_unasked()
            return False
        self._readable.wake()
        self._tell_gone()
        # TLS has no half-closed connections: asyncio closes them, and complains when asked not to.
        return not self.is_secure

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """Resume everybody with the loss."""
        self._lost = self.is_gone = True
        self.sweeper.forget(self)
        self.sweeper.patrolled.pop(self, None)
        if self.on_unasked is not None:
            self.on_unasked()
        self._readable.wake()
        if self._writable is not None:
            self._writable.wake()
        self._tell_gone()
        on_lost, self.on_lost = self.on_lost, None
        if on_lost is not None:
            on_lost()

    def pause_writing(self) -> None:
        """The peer does not keep up."""
        self.is_writing_paused = True

    def resume_writing(self) -> None:
        """The peer has caught up."""
        self.is_writing_paused = False
        if self._writable is not None:
            # Not at once: a TLS transport may call this from inside a write, where a task runs.
            self._writable.wake_soon()

    def _tell_gone(self) -> None:
        on_gone, self.on_gone = self.on_gone, None
        if on_gone is not None:
            on_gone()

    # What owners call.

    @property
    def is_lost(self) -> bool:
        """Whether the connection is over."""
        return self._lost

    @property
    def is_quiet(self) -> bool:
        """Whether the connection is good and nothing lies unread in it."""
        return not (self._pending or self._eof or self._lost or self._error or self.transport.is_closing())

    @property
    def has_news(self) -> bool:
        """Whether the socket holds something unread, an end included, that the loop has not told yet."""
        return self._polls(select.POLLIN | _HANG_UP)

    @property
    def has_pending(self) -> bool:
        """Whether bytes wait to be taken."""
        return bool(self._pending)

    def take(self) -> bytes:
        """All bytes that are here, maybe none."""
        pending = self._pending
        if not pending:
            return b""
        data = pending[0] if len(pending) == 1 else b"".join(pending)
        pending.clear()
        self._pending_bytes = 0
        if self._reading_paused:
            self._reading_paused = False
            self.sweeper.patrolled.pop(self, None)
            if not (self._lost or self.transport.is_closing()):
                self.transport.resume_reading()
        return data

    @property
    def deadline_s(self) -> float:
        """The earlier of the reader's and the writer's deadline, in monotonic seconds; 0 for none."""
        read_s, write_s = self._read_deadline_s, self._write_deadline_s
        return min(read_s, write_s) if read_s and write_s else read_s or write_s

    @deadline_s.setter
    def deadline_s(self, deadline_s: float) -> None:
        """Set the reader's; 0 clears both."""
        self._read_deadline_s = deadline_s
        if not deadline_s:
            self._write_deadline_s = 0.0

    @types.coroutine
    def receive(self, deadline_s: float = 0.0) -> Generator[Wakeup, None, bytes]:
        """The next bytes; ``b""`` at the end of the stream. Args: deadline_s: monotonic seconds, 0 for none.

        Raises: StreamLost: the connection broke. StreamTimedOut: nothing came before the deadline.
        """
        # A generator and not ``async def``: that one could yield to the task only through a second one.
        pending = self._pending
        if deadline_s and not pending:
            self._read_deadline_s = deadline_s
            if deadline_s < self.due_s:
                self.sweeper.enter(self, deadline_s)
        try:
            while not pending:
                if self._error is not None:
                    raise self._error
                if self._eof:
                    return b""
                if self._lost:
                    raise StreamLost("connection lost")
                yield self._readable.arm()
        finally:
            self._read_deadline_s = 0.0
        if len(pending) == 1 and not self._reading_paused:
            self._pending_bytes = 0
            return pending.pop()
        return self.take()

    def write(self, data: bytes) -> None:
        """Queue *data*; follow it by ``drain`` unless it is small. Bytes for a lost connection are dropped."""
        if not self._lost:
            self.transport.write(data)

    async def drain(self, deadline_s: float = 0.0) -> None:
        """Wait until the peer keeps up. Args: deadline_s: monotonic seconds, 0 for none.

        Raises: StreamLost: the connection broke. StreamTimedOut: the peer did not read before the deadline.
        """
        if self._error is not None:
            raise self._error
        if self._lost:
            raise StreamLost("connection lost")
        if not self.is_writing_paused:
            return
        if self._writable is None:
            self._writable = Wakeup(self.loop)
        if deadline_s:
            self._write_deadline_s = deadline_s
            if deadline_s < self.due_s:
                self.sweeper.enter(self, deadline_s)
        try:
            while self.is_writing_paused:
                if self._error is not None:
                    raise self._error
                if self._lost:
                    raise StreamLost("connection lost")
                await self._writable
        finally:
            self._write_deadline_s = 0.0

    def expire(self) -> None:
        """A deadline passed: end every wait with ``StreamTimedOut``, or a close that the peer does not let finish."""
        write_s = self._write_deadline_s
        self.deadline_s = 0.0
        if self.is_closing:
            self._end_close()
            return
        self.fail(StreamTimedOut("timed out"))
        if write_s > self.clock.monotonic():
            # It was the reader's deadline. It may clear the timeout, and the writer must not wait for ever then.
            self._write_deadline_s = write_s
            self.sweeper.enter(self, write_s)

    def patrol(self) -> None:
        """Look whether the peer has left while it is not being read: the loop tells an end only to who reads."""
        if self.on_gone is not None and self._polls(_HANG_UP):
            self._tell_gone()
        elif self.on_broken is not None and self._polls(select.POLLERR):
            on_broken, self.on_broken = self.on_broken, None
            on_broken()

    def _polls(self, events: int) -> bool:
        """Whether one of *events* holds for the socket now; true when there is no socket any more."""
        sock: Any = self.transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return True
        poll = select.poll()
        poll.register(sock.fileno(), events)
        return bool(poll.poll(0))

    def fail(self, error: BaseException) -> None:
        """End every present and later wait with *error*."""
        if self._error is None:
            self._error = error
        self._readable.wake_soon()
        if self._writable is not None:
            self._writable.wake_soon()

    def clear_timeout(self) -> None:
        """Let the stream be used after a ``StreamTimedOut``, to say so to the peer."""
        if isinstance(self._error, StreamTimedOut):
            self._error = None

    def send_eof(self) -> bool:
        """Say that nothing more will be written; whether that can be said: over TLS it cannot, and nothing is done."""
        if self._lost or not self.transport.can_write_eof():
            return False
        with contextlib.suppress(OSError):  # a peer that has reset the connection a moment ago
            self.transport.write_eof()
        return True

    def close(self, flush_s: float = FLUSH_S) -> None:
        """Close after everything written has been sent; what is not taken after *flush_s* seconds is dropped."""
        # None until it is made.
        if self.transport is None or self._lost:
            return
        if not self.transport.is_closing():  # asyncio's TLS transport lets go of everything when it is closed twice
            self.transport.close()
        if not self.is_closing and (self.is_secure or self.transport.get_write_buffer_size()):
            self.is_closing = True
            self._read_deadline_s = 0.0
            now_s = self.clock.monotonic()
            self._flush_end_s = now_s + flush_s
            self._write_deadline_s = now_s + min(FAREWELL_S, flush_s) if self.is_secure else self._flush_end_s
            self.sweeper.enter(self, self._write_deadline_s)

    def _end_close(self) -> None:
        """The peer has not finished the close. In TLS it should answer our farewell, for which nobody has to wait, but
        what it has not taken yet is still to be sent.
        """
        now_s = self.clock.monotonic()
        if now_s >= self._flush_end_s:
            self.abort()
        elif self._has_unsent():
            self._write_deadline_s = min(now_s + FAREWELL_S, self._flush_end_s)
            self.sweeper.enter(self, self._write_deadline_s)
        else:
            self.transport.abort()  # without an RST, which could take away what the peer has not read yet

    def _has_unsent(self) -> bool:
        """Whether anything that was written has not reached the peer's machine; true where nobody can tell."""
        if self.transport.get_write_buffer_size():
            return True
        sock: Any = self.transport.get_extra_info("socket")
        if sock is None or sock.fileno() < 0:
            return False
        try:
            return bool(int.from_bytes(fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4)), sys.byteorder))
        except OSError:
            return True

    def abort(self) -> None:
        """Break the connection so that the peer notices, by an RST; TLS says no farewell then, either."""
        if self.transport is None or self._lost:  # None until it is made
            return
        sock: Any = self.transport.get_extra_info("socket")
        if sock is not None:
            # A clean FIN would be the valid end of a body that is delimited by the connection's end, and many clients
            # take it for one in TLS, too. The error is that of a socket that was closed a moment ago.
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        self.transport.abort()

    @property
    def peer(self) -> str:
        """The IP address of the other end; "" on a Unix socket."""
        name = self.transport.get_extra_info("peername")
        return name[0] if isinstance(name, tuple) else ""

    def __repr__(self) -> str:
        state = "lost" if self._lost else "eof" if self._eof else "open"
        return f"<Stream [{state}, {self._pending_bytes} bytes unread]>"
