"""Whether the gateway works, whether it wants traffic, and its numbers.

In: ``Vitals`` and its form for one process. Not in: the paths (``gateway.endpoints``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from typing import Protocol

from vizgate.gateway.state import GatewayState
from vizgate.observe.health import HealthReply


class Vitals(Protocol):
    """What ``/health``, ``/liveness``, ``/readiness`` and ``/metrics`` are answered from."""

    def liveness(self) -> HealthReply:
        """200 as long as there is a process to answer."""
        ...

    async def readiness(self) -> HealthReply:
        """200 when traffic is welcome, else 503 with the reason."""
        ...

    async def metrics(self, accept: str) -> tuple[str, bytes]:
        """The content type and the text of all metrics, in a format that *accept*, a field of HTTP, allows."""
        ...


class LocalVitals:
    """Those of one process.

    Args: unavailable: gives the names of required services that have no fit target.
    """

    def __init__(self, state: GatewayState, unavailable: Callable[[], Collection[str]] = tuple) -> None:
        self._state = state
        self._unavailable = unavailable

    def liveness(self) -> HealthReply:
        """See ``Vitals.liveness``."""
        return self._state.health.liveness()

    async def readiness(self) -> HealthReply:
        """See ``Vitals.readiness``."""
        return self._state.health.readiness(self._unavailable())

    async def metrics(self, accept: str) -> tuple[str, bytes]:
        """See ``Vitals.metrics``."""
        if self._state.membership.exposition is not None:
            return await self._state.membership.exposition(accept)
        # In a thread, so that thousands of series do not hold up the requests in flight.
        return await asyncio.to_thread(self._state.metrics.exposition, accept)

    def __repr__(self) -> str:
        return f"<LocalVitals {self._state.health!r}>"
