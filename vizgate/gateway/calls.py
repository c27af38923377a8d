"""The gateway's own requests, as components make them.

In: ``Calls``, which joins ``pipeline.ports.CallerPort`` and the client that has the sockets. Not in: either of them.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from vizgate.pipeline.ports import Call, CallAnswer, CallStream
from vizgate.transport.client import ControlClient


class Calls:
    """Meets ``CallerPort`` by *client*, one of its own by default.

    In a program without a gateway it is to be closed, or used with ``async with``.
    """

    __slots__ = ("_client",)

    def __init__(self, client: ControlClient | None = None) -> None:
        self._client = ControlClient() if client is None else client

    async def call(self, call: Call) -> CallAnswer:
        """See ``CallerPort.call``."""
        return CallAnswer(*await self._client.exchange(call))

    @asynccontextmanager
    async def stream(self, call: Call) -> AsyncIterator[CallStream]:
        """See ``CallerPort.stream``."""
        async with self._client.stream(call) as (status, fields, chunks):
            yield CallStream(status, fields, chunks)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<Calls by {self._client!r}>"
