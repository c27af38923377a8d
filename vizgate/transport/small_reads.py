"""Answers to the gateway's own requests, taken in small pieces.

In: ``SmallReads``, around a network of httpcore. Not in: the requests (``transport.client``).

A piece is parsed in one go, in Python. One of the 64 KiB that httpcore reads at once, full of chunks of a single byte,
holds the loop up for a quarter of a second; a server may send them for as long as a call may take.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

#: Most bytes of one piece. Between two of them others have their turn.
MOST_BYTES = 4 * 1024


class SmallReads:
    """*network*, an ``AsyncNetworkBackend``, whose streams give no more than ``MOST_BYTES`` at once."""

    def __init__(self, network: Any) -> None:
        self._network = network

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  # the library's contract, as below
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> _Stream:
        """See ``AsyncNetworkBackend``."""
        return _Stream(await self._network.connect_tcp(host, port, timeout, local_address, socket_options))

    async def sleep(self, seconds: float) -> None:
        """See ``AsyncNetworkBackend``."""
        await self._network.sleep(seconds)

    def __repr__(self) -> str:
        return f"<SmallReads [{MOST_BYTES} bytes]>"


class _Stream:
    """See ``AsyncNetworkStream``."""

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ASYNC109
        data: bytes = await self._inner.read(min(max_bytes, MOST_BYTES), timeout)
        return data

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ASYNC109
        await self._inner.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._inner.aclose()

    async def start_tls(
        self,
        ssl_context: Any,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> _Stream:
        return _Stream(await self._inner.start_tls(ssl_context, server_hostname, timeout))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)
