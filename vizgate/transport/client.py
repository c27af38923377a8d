"""The gateway's own requests, to key servers and authorisers: the control plane, never a client's traffic.

In: ``ControlClient``, over httpcore, with a bound on everything. Not in: who calls and why (``auth``), and the data
path, which has a pool of its own (``transport.pool``).
"""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Protocol, cast
from urllib.parse import urlsplit

from vizgate.errors import CallFailed
from vizgate.message.headers import Field
from vizgate.transport.small_reads import SmallReads
from vizgate.transport.tls import UpstreamTls, upstream_context

if TYPE_CHECKING:
    import httpcore

#: Most connections to one origin. Each origin has a pool of its own, so that one that hangs delays no other.
MAX_CONNECTIONS = 512
_MAX_IDLE = 32
_IDLE_S = 15.0
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_FIELDS: tuple[Field, ...] = ((b"User-Agent", b"vizgate"),)

Origin = tuple[str, str]
#: A file of authorities and when it was last changed; None for the client's own.
Authorities = tuple[str, int] | None


class OutgoingCall(Protocol):
    """What is asked, and within which bounds; see ``pipeline.ports.Call``."""

    @property
    def url(self) -> str: ...  # noqa: D102  # described by the class
    @property
    def method(self) -> str: ...  # noqa: D102
    @property
    def fields(self) -> tuple[Field, ...]: ...  # noqa: D102
    @property
    def body(self) -> bytes: ...  # noqa: D102
    @property
    def timeout_s(self) -> float: ...  # noqa: D102
    @property
    def limit_bytes(self) -> int: ...  # noqa: D102
    @property
    def may_repeat(self) -> bool: ...  # noqa: D102
    @property
    def authorities(self) -> str: ...  # noqa: D102


class Reply(NamedTuple):
    """A whole answer."""

    status: int
    fields: tuple[Field, ...]
    body: bytes


class Opened(NamedTuple):
    """An answer whose body is still coming."""

    status: int
    fields: tuple[Field, ...]
    chunks: AsyncIterator[bytes]


class ControlClient:
    """Asks other servers on behalf of the gateway itself.

    Redirects are answers like any other: whoever can make a trusted server redirect must not choose whom the gateway
    asks next. Answers are never decompressed. Nothing is taken from the environment but OpenSSL's ``SSL_CERT_FILE``.

    Args: tls: how servers are verified; by the system's authorities by default. max_connections: to one origin.
    """

    def __init__(self, tls: UpstreamTls | None = None, *, max_connections: int = MAX_CONNECTIONS) -> None:
        self._tls = tls or UpstreamTls()
        self._max_connections = max_connections
        self._contexts: dict[Authorities, ssl.SSLContext] = {}
        # By origin and authorities; these come from the configuration, so there are few.
        self._pools: dict[tuple[Origin, Authorities], httpcore.AsyncConnectionPool] = {}

    async def exchange(self, call: OutgoingCall) -> Reply:
        """The answer to *call*, whatever its status.

        Raises: CallFailed: no connection, no whole answer in time, or one that is too long or malformed.
        """
        with _told(call):
            async with asyncio.timeout(call.timeout_s):
                return await _asked(await self._pool(call), call)

    @asynccontextmanager
    async def stream(self, call: OutgoingCall) -> AsyncIterator[Opened]:
        """The answer to *call*, whatever its status, with a body that comes as it comes. Its connection is closed
        when the block ends.

        Raises: CallFailed: no head in time; from the body: it broke off, or nothing came for ``timeout_s``.
        """
        opened = None
        with _told(call):
            async with asyncio.timeout(call.timeout_s):
                opened = _streamed(await self._pool(call), call)
                response = await opened.__aenter__()
        try:
            yield Opened(response.status, tuple(response.headers), _chunks(response, call))
        finally:
            await opened.__aexit__(None, None, None)

    async def _pool(self, call: OutgoingCall) -> httpcore.AsyncConnectionPool:
        if "httpcore" not in sys.modules:
            # A tenth of a second, in which no request would be served.
            await asyncio.to_thread(import_module, "httpcore")
        import httpcore

        parts = urlsplit(call.url)
        authorities = await self._authorities(call.authorities) if parts.scheme == "https" else None
        if parts.scheme == "https" and authorities not in self._contexts:
            tls = self._tls if authorities is None else replace(self._tls, ca=authorities[0])
            # Reading the system's authorities takes tens of milliseconds.
            self._contexts[authorities] = await asyncio.to_thread(upstream_context, tls)
        key = ((parts.scheme, parts.netloc), authorities)
        pool = self._pools.get(key)
        if pool is None:
            pool = self._pools[key] = httpcore.AsyncConnectionPool(
                ssl_context=self._contexts.get(authorities),
                max_connections=self._max_connections,
                max_keepalive_connections=_MAX_IDLE,
                keepalive_expiry=_IDLE_S,
                network_backend=cast("httpcore.AsyncNetworkBackend", SmallReads(httpcore.AnyIOBackend())),
            )
        return pool

    async def _authorities(self, path: str) -> Authorities:
        """The file *path* as it is now; what was made of it before it changed is let go of."""
        if not path:
            return None
        now: Authorities = (path, (await asyncio.to_thread(Path(path).stat)).st_mtime_ns)
        old = [key for key in self._contexts if key is not None and key[0] == path and key != now]
        for key in old:
            del self._contexts[key]
        for stale in [key for key in self._pools if key[1] in old]:
            pool = self._pools.pop(stale)
            # One that is in use cannot be closed by anybody but its users; it closes when they are done.
            if not pool.connections or all(connection.is_idle() for connection in pool.connections):
                await pool.aclose()
        return now

    async def close(self) -> None:
        """Close every connection; a later call opens new ones, also on another loop."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            await pool.aclose()

    def __repr__(self) -> str:
        return f"<ControlClient [{len(self._pools)} origins]>"


@contextmanager
def _told(call: OutgoingCall) -> Iterator[None]:
    """Have everything that goes wrong with *call* told as ``CallFailed``."""
    host = urlsplit(call.url).netloc.rpartition("@")[2]
    try:
        yield
    # The causes of all three are cut off: messages of the libraries quote the fields that were sent.
    except TimeoutError:
        raise CallFailed(f"{host}: no whole answer within {call.timeout_s:g} s") from None
    except _Refused as refused:
        raise CallFailed(f"{host}: {refused}") from None
    except Exception as exc:  # noqa: BLE001  # whatever four libraries raise, the contract knows one error
        raise CallFailed(f"{host}: {reason_of(exc)}") from None


async def _chunks(response: httpcore.Response, call: OutgoingCall) -> AsyncIterator[bytes]:
    body = response.aiter_stream()
    while True:
        with _told(call):
            async with asyncio.timeout(call.timeout_s):
                chunk = await anext(body, None)
        if chunk is None:
            return
        yield chunk


class _Refused(Exception):
    """An answer that is not wanted; the message says why."""


async def _asked(pool: httpcore.AsyncConnectionPool, call: OutgoingCall) -> Reply:
    import httpcore

    try:
        return await _once(pool, call)
    except (httpcore.RemoteProtocolError, httpcore.ReadError, httpcore.WriteError):
        # An idle connection may be closed in the very moment in which it is used again (RFC 9112 9.3.1).
        if not call.may_repeat and call.method not in _SAFE_METHODS:
            raise
    return await _once(pool, call)


async def _once(pool: httpcore.AsyncConnectionPool, call: OutgoingCall) -> Reply:
    async with _streamed(pool, call) as response:
        announced = {name.lower(): value for name, value in response.headers}.get(b"content-length", b"0")
        if int(announced) > call.limit_bytes:
            raise _too_long(call)
        body = bytearray()
        async for chunk in response.aiter_stream():
            body += chunk
            if len(body) > call.limit_bytes:
                raise _too_long(call)
        return Reply(response.status, tuple(response.headers), bytes(body))


def _streamed(pool: httpcore.AsyncConnectionPool, call: OutgoingCall) -> AbstractAsyncContextManager[httpcore.Response]:
    return pool.stream(call.method, call.url, headers=[*_OWN_FIELDS, *call.fields], content=call.body or None)


def _too_long(call: OutgoingCall) -> _Refused:
    return _Refused(f"its answer is over {call.limit_bytes} bytes")


def reason_of(error: BaseException) -> str:
    """What went wrong, in words that quote nothing that was sent or received."""
    for cause in _causes(error):
        if isinstance(cause, ssl.SSLCertVerificationError):
            return f"its certificate was not accepted: {cause.verify_message}"
        if isinstance(cause, ssl.SSLError):
            return f"TLS failed: {cause.reason or 'the connection broke'}"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if isinstance(cause, UnicodeError):
            return "its name cannot be looked up"
    return _REASONS.get(type(error).__name__, type(error).__name__)


#: By httpcore's names, so that importing this module does not import the library.
_REASONS = {
    "ConnectError": "no connection",
    "ReadError": "the connection broke",
    "WriteError": "the connection broke",
    "RemoteProtocolError": "its answer is not HTTP, or broke off",
    "LocalProtocolError": "the request cannot be sent",
    "UnsupportedProtocol": "the URL is not http or https",
}


def _causes(error: BaseException) -> Iterator[BaseException]:
    """*error* and everything that led to it, groups taken apart."""
    waiting: list[BaseException] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        if isinstance(found, BaseExceptionGroup):
            waiting += found.exceptions
        waiting += [cause for cause in (found.__cause__, found.__context__) if cause is not None]
