"""Serving with several workers.

In: ``supervise``. Not in: one process (``serving.operation``), the workers (``gateway.workers``).
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Awaitable, Callable, Mapping, Sequence

from vizgate.cli.serving.foreground import Foreground, counts_of
from vizgate.errors import VizgateError
from vizgate.gateway import process
from vizgate.gateway.server import Gateway
from vizgate.gateway.workers.supervisor.supervisor import Supervisor
from vizgate.observe.log import LogLevel
from vizgate.units import counted

_log = logging.getLogger("vizgate.serve")


def supervise(model: Gateway, count: int, source: str, log_level: LogLevel, *, watches: bool = False) -> int:
    """Serve with *count* workers until a signal ends it; see ``Foreground.run`` for the exit code.

    Args: model: a gateway that is not started. The others are those of ``Foreground``.
    Raises: VizgateError: it cannot start.
    """
    process.raise_file_limit()

    async def run() -> int:
        return await _Supervision(Supervisor(model, count, log_level=log_level), source, watches=watches).run()

    return process.run(run())


class _Supervision(Foreground):
    """One gateway of several workers."""

    def __init__(self, supervisor: Supervisor, source: str, *, watches: bool) -> None:
        super().__init__(supervisor, source, watches=watches)
        self._supervisor = supervisor
        # One change of the number of workers after the other.
        self._changing = asyncio.Lock()

    def _orders(self) -> Mapping[signal.Signals, Callable[[], object]]:
        return {
            signal.SIGUSR1: lambda: self._do(self._supervisor.reopen_logs),
            signal.SIGTTIN: lambda: self._do(lambda: self._resize(1)),
            signal.SIGTTOU: lambda: self._do(lambda: self._resize(-1)),
        }

    async def _stop_at_once(self, ending: asyncio.Task[None]) -> None:
        await self._supervisor.stop(timeout_s=0.0)
        await asyncio.wait([ending])

    def _do(self, what: Callable[[], Awaitable[None]]) -> None:
        """Do *what* beside everything else."""
        self._run(self._one_by_one(what))

    async def _one_by_one(self, what: Callable[[], Awaitable[None]]) -> None:
        async with self._changing:
            if not self._stop.is_set():
                try:
                    await what()
                except VizgateError as exc:
                    _log.error("%s", exc)

    async def _resize(self, more: int) -> None:
        count = await self._supervisor.grow(more)
        _log.info("%s", counted(count, "worker"))

    def _counts(self) -> Sequence[str]:
        config, workers = self._supervisor.config, self._supervisor.fleet.size
        written = sum(len(service.targets) for service in config.services.values())
        return [*counts_of(config, written), counted(workers, "worker")]

    @property
    def _codec(self) -> str:
        return self._supervisor.codec
