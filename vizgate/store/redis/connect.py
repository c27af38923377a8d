"""Getting to a Redis: TCP or a Unix socket, TLS, logging in, choosing a database.

In: ``Login``, ``tls_context`` and ``connect``. Not in: what is asked then (``store.redis.connection``).
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from pathlib import Path

from vizgate.errors import VizgateError
from vizgate.extension.store import StoreFailed
from vizgate.extension.values.fields import Secret
from vizgate.observe.metrics import Counter
from vizgate.store.address import Address
from vizgate.store.redis.connection import Connection
from vizgate.store.redis.resp import ErrorReply, Reply

#: Over everything: looking up the name, TLS, logging in.
CONNECT_S = 2.0


@dataclass(frozen=True, slots=True)
class Login:
    """Where to connect, and as whom."""

    address: Address
    tls: ssl.SSLContext | None = None
    username: str | None = None
    password: Secret | None = None


def tls_context(ca: Path | None, *, verify: bool) -> ssl.SSLContext:
    """TLS 1.2 or later. Args: ca: authorities instead of the system's. Raises: VizgateError: *ca* holds none."""
    try:
        context = ssl.create_default_context(cafile=ca)
    except OSError as exc:
        raise VizgateError(f"store.ca: cannot use '{ca}': {exc.strerror or exc}. Name a PEM file") from exc
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def connect(login: Login, timeout_s: float, failures: Counter) -> Connection:
    """A connection that is ready to be asked. Args: timeout_s, failures: see ``Connection``.

    Raises: StoreFailed: there is no way; the message says why and holds no secret.
    """
    connection: Connection | None = None
    try:
        async with asyncio.timeout(CONNECT_S):
            connection = await _open(login, timeout_s, failures)
            await _log_in(connection, login)
    except BaseException as exc:
        if connection is not None:
            connection.close("it could not be used")
        if isinstance(exc, TimeoutError):
            raise StoreFailed(f"no connection within {CONNECT_S:g} s") from exc
        # ValueError: a host name that is none (UnicodeError).
        if isinstance(exc, (OSError, ValueError)):
            raise StoreFailed(str(exc) or type(exc).__name__) from exc
        raise
    return connection


async def _open(login: Login, timeout_s: float, failures: Counter) -> Connection:
    loop = asyncio.get_running_loop()
    address = login.address

    def made() -> Connection:
        return Connection(loop, timeout_s, failures)

    if address.path:
        return (await loop.create_unix_connection(made, address.path))[1]
    return (await loop.create_connection(made, address.host, address.port, ssl=login.tls))[1]


async def _log_in(connection: Connection, login: Login) -> None:
    """Authenticate and choose the database, in one go."""
    steps = {"PING": connection.ask(b"PING")} if login.password is None else {"AUTH": _authenticate(connection, login)}
    if login.address.database:
        steps["SELECT"] = connection.ask(b"SELECT", b"%d" % login.address.database)
    replies = await asyncio.gather(*steps.values(), return_exceptions=True)
    for name, reply in zip(steps, replies, strict=True):
        if isinstance(reply, BaseException):
            raise reply
        if isinstance(reply, ErrorReply):
            raise StoreFailed(f"{name} was refused: {reply.message}")


def _authenticate(connection: Connection, login: Login) -> asyncio.Future[Reply]:
    assert login.password is not None
    who = [] if login.username is None else [login.username.encode()]
    return connection.ask(b"AUTH", *who, login.password.reveal().encode())
