"""Answers that only the end of a TLS connection to the service delimits."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.doors import gateway_of
from tests.integration.tls.secure import Files
from vizgate.testing.raw_client import ConnectionEnded, RawClient, RawResponse

_HALF = b"HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\n\r\nhalf"


class Ending:
    """A TLS server whose answers end, with a farewell if *says_farewell*."""

    def __init__(self, files: Files) -> None:
        self._context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._context.load_cert_chain(files.pair("localhost"))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5.0)
        self.url = f"https://localhost:{self._listener.getsockname()[1]}"
        self.says_farewell = True

    def serve(self, count: int) -> None:
        with self._listener:
            for _ in range(count):
                plain, _ = self._listener.accept()
                with plain, self._context.wrap_socket(plain, server_side=True) as secure:
                    secure.settimeout(5.0)
                    secure.recv(65536)
                    secure.sendall(_HALF)
                    if self.says_farewell:
                        with contextlib.suppress(OSError):  # whatever the other side says to it
                            secure.unwrap()
                    else:
                        socket.socket.shutdown(secure, socket.SHUT_RDWR)


@contextlib.asynccontextmanager
async def serving(log: Path, files: Files, count: int) -> AsyncIterator[tuple[Ending, int]]:
    ending = Ending(files)
    parts: dict[str, Any] = {
        "services": {"up": {"targets": [ending.url], "tls": {"ca": files.ca_file}}},
        "routes": [{"match": {"path": "/*"}, "service": "up", "middleware": [{"use": "cache"}]}],
    }
    task = asyncio.create_task(asyncio.to_thread(ending.serve, count))
    async with gateway_of(log, parts) as gateway:
        yield ending, gateway.addresses[0][1]
    await task


async def ask(port: int) -> RawResponse:
    async with RawClient("127.0.0.1", port) as client:
        await client.send(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        return await client.read_response()


async def test_answer_that_somebody_on_the_way_may_have_cut_is_not_whole(files: Files, log: Path) -> None:
    """RFC 9112 8: without a farewell it is incomplete: the client sees that, and nothing is stored."""
    async with serving(log, files, 2) as (ending, port):
        ending.says_farewell = False
        for _ in range(2):
            with pytest.raises((ConnectionEnded, ConnectionError)):
                await ask(port)


async def test_answer_that_ends_with_a_farewell_is_whole(files: Files, log: Path) -> None:
    """The end is the service's own word."""
    async with serving(log, files, 1) as (_, port):
        assert [b"half", b"half"] == [(await ask(port)).body for _ in range(2)]
