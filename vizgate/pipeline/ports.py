"""How the pipeline reaches the network: protocols that the gateway meets with sockets and tests meet with values."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Protocol

from vizgate.message.headers import Field
from vizgate.pipeline.request import Request
from vizgate.pipeline.response import Response


class TargetPort(Protocol):
    """One target of a service."""

    #: ``host:port``, for logs and metrics.
    address: str

    def exchange(self, request: Request) -> Awaitable[Response]:
        """Send *request* to this target and give back its answer, with a body that may still be arriving.

        ``request.deadline_s`` bounds the exchange. It is safe to try another target after an error whose
        ``nothing_sent`` is true.

        Raises: UpstreamError: the attempt failed. DownstreamError: the client broke off or sent a bad body.
        """
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request of the gateway's own, to a key server or an authoriser: never one that carries a client's traffic.

    ``url``: absolute, http or https. ``timeout_s``: for everything, from the connection to the last byte.
    ``limit_bytes``: the longest answer that is read. ``may_repeat``: whether asking twice does no harm, so that a
    broken connection may be followed by a second try; with GET it never does. ``authorities``: the path of a PEM file
    with those to believe instead of the system's; read again when it has changed.
    """

    url: str
    method: str = "GET"
    fields: tuple[Field, ...] = ()
    body: bytes = b""
    timeout_s: float = 5.0
    limit_bytes: int = 1024 * 1024
    may_repeat: bool = False
    authorities: str = ""


@dataclass(frozen=True, slots=True)
class CallAnswer:
    """What came of a ``Call``: any status, redirects included, which are never followed."""

    status: int
    fields: tuple[Field, ...] = ()
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class CallStream:
    """The head of an answer, and its body as it comes. ``chunks``: raises ``CallFailed`` when it breaks off, or when
    nothing comes for as long as the ``timeout_s`` of its call.
    """

    status: int
    fields: tuple[Field, ...]
    chunks: AsyncIterator[bytes]


class CallerPort(Protocol):
    """How components make calls of their own."""

    async def call(self, call: Call) -> CallAnswer:
        """The answer to *call*.

        Raises: CallFailed: no connection, no whole answer in time, or one that is too long or malformed.
        """
        ...

    def stream(self, call: Call) -> AbstractAsyncContextManager[CallStream]:
        """The answer to *call* as it comes, for as long as the block runs.

        ``call.timeout_s`` bounds the time to the head, and then each silence; ``limit_bytes`` bounds nothing.
        Raises: CallFailed: there is no head of an answer.
        """
        ...


@dataclass(frozen=True, slots=True)
class ProbeAnswer:
    """What a target said to a probe. ``status``: 0 where only a connection was made. ``body``: the beginning of it."""

    status: int = 0
    body: bytes = b""


class ProbePort(Protocol):
    """How one target is asked for its health."""

    async def probe(self) -> ProbeAnswer:
        """Ask once, on a connection of its own. Raises: UpstreamError: no connection, or no answer in time."""
        ...


class Timed(Protocol):
    """Something that is to happen at ``deadline_s`` (monotonic seconds, 0 for never). ``due_s``: the timer's own,
    infinity in the beginning.
    """

    deadline_s: float
    due_s: float

    def expire(self) -> None:
        """It is time; must clear or move ``deadline_s``."""
        ...


class TimerPort(Protocol):
    """One coarse timer for everything that is not about a single request."""

    def watch(self, owner: Timed, deadline_s: float) -> None:
        """Have ``owner.expire()`` called soon after *deadline_s*; a later call moves it."""
        ...

    def forget(self, owner: Timed) -> None:
        """Have it never called."""
        ...
