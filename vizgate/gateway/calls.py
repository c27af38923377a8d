"""The gateway's own requests, as components make them.

In: ``Calls``, which joins ``pipeline.ports.CallerPort`` and the client that has the sockets. Not in: either of them.
"""

from __future__ import annotations

from vizgate.pipeline.ports import Call, CallAnswer
from vizgate.transport.client import ControlClient


class Calls:
    """Meets ``CallerPort`` by *client*."""

    __slots__ = ("_client",)

    def __init__(self, client: ControlClient) -> None:
        self._client = client

    async def call(self, call: Call) -> CallAnswer:
        """See ``CallerPort.call``."""
        return CallAnswer(*await self._client.exchange(call))

    def __repr__(self) -> str:
        return f"<Calls by {self._client!r}>"
