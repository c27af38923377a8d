"""Serving with one process.

In: ``operate``. Not in: where the gateway's configuration comes from (``cli.serve``, ``cli.proxy``).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Mapping, Sequence

from vizgate.cli.serving.foreground import Foreground, counts_of
from vizgate.gateway import process
from vizgate.gateway.server import Gateway

_log = logging.getLogger("vizgate.serve")

# How long a stop at once may take, in seconds, for middleware that does not end.
_AT_ONCE_S = 2.0


def operate(gateway: Gateway, source: str, *, watches: bool = False) -> int:
    """Serve until a signal ends it; see ``Foreground.run`` for the exit code, and ``Foreground`` for the arguments.

    Raises: ListenFailed, StartFailed: it cannot start.
    """
    process.raise_file_limit()
    gateway.build_inside(process.building)
    process.overlook_malformed_names()
    return process.run(_Operation(gateway, source, watches=watches).run())


class _Operation(Foreground):
    """One gateway in this process."""

    def __init__(self, gateway: Gateway, source: str, *, watches: bool) -> None:
        super().__init__(gateway, source, watches=watches)
        self._gateway = gateway

    def _orders(self) -> Mapping[signal.Signals, Callable[[], object]]:
        return {signal.SIGUSR1: self._gateway.reopen_logs}

    async def _stop_at_once(self, ending: asyncio.Task[None]) -> None:
        ending.cancel()
        try:
            async with asyncio.timeout(_AT_ONCE_S):
                await self._gateway.stop(timeout_s=0.0)
        except TimeoutError:
            _log.warning("gave up waiting for parts that do not stop")

    def _counts(self) -> Sequence[str]:
        gateway = self._gateway
        return counts_of(gateway.config, sum(len(one.targets.targets) for one in gateway.plan.services.values()))

    @property
    def _codec(self) -> str:
        return self._gateway.plan.server.codec.name
