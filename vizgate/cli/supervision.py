"""Serving with several workers: start, tell, obey signals, drain, stop.

In: ``supervise``. Not in: one process (``cli.operation``), the workers (``gateway.workers``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any

from vizgate._version import __version__
from vizgate.cli import untimely_signals
from vizgate.cli.notify import Notifier
from vizgate.cli.operation import counted, platform_line, say, stop_line
from vizgate.errors import VizgateError
from vizgate.gateway import process
from vizgate.gateway.reload.watching.file_watch import FileWatch
from vizgate.gateway.server import Gateway
from vizgate.gateway.workers.supervisor.supervisor import Supervisor
from vizgate.observe.log import LogLevel

_log = logging.getLogger("vizgate.serve")


def supervise(model: Gateway, count: int, source: str, log_level: LogLevel, *, watches: bool = False) -> int:
    """Serve with *count* workers until a signal ends it; gives the exit code, as ``cli.operation.operate`` does.

    Args: model: a gateway that is not started. source: what is served, for people. watches: whether a change of the
    file that it comes from reloads it.
    Raises: VizgateError: it cannot start.
    """
    process.raise_file_limit()

    async def run() -> int:
        return await _Supervision(Supervisor(model, count, log_level=log_level), source, watches=watches).run()

    return process.run(run())


class _Supervision:
    """One gateway of several workers, from start to stop."""

    def __init__(self, supervisor: Supervisor, source: str, *, watches: bool) -> None:
        self._watches = watches
        self._supervisor = supervisor
        self._source = source
        self._notifier = Notifier.of(os.environ, os.getpid())
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._signal = signal.SIGTERM
        # One change of the number of workers after the other.
        self._changing = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        self._listen_to_signals()
        starting = asyncio.create_task(self._supervisor.start())
        if not await _before(starting, self._stop):
            starting.cancel()
            await asyncio.wait([starting])
            return 0
        starting.result()
        say("\n".join(describe(self._supervisor, self._source)))
        self._watch()
        self._notifier.ready()
        self._run(self._notifier.watch())
        await self._stop.wait()
        try:
            return await self._end()
        finally:
            untimely_signals.overhear(asyncio.get_running_loop())

    async def _end(self) -> int:
        self._notifier.stopping()
        say(stop_line(self._signal, self._supervisor.config.server))
        ending = asyncio.create_task(self._supervisor.stop())
        if await _before(ending, self._at_once):
            ending.result()
            say("vizgate: stopped")
            return 0
        say(f"vizgate: {self._signal.name} again: stopped at once")
        await self._supervisor.stop(timeout_s=0.0)
        await asyncio.wait([ending])
        return 128 + self._signal

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told_to_stop, signal.SIGTERM)
        loop.add_signal_handler(signal.SIGINT, self._told_to_stop, signal.SIGINT)
        loop.add_signal_handler(signal.SIGUSR1, self._do, self._supervisor.reopen_logs)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._run(self._reload()))
        loop.add_signal_handler(signal.SIGTTIN, self._do, lambda: self._resize(1))
        loop.add_signal_handler(signal.SIGTTOU, self._do, lambda: self._resize(-1))
        untimely_signals.pass_on()

    def _told_to_stop(self, number: signal.Signals) -> None:
        self._signal = number
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    def _watch(self) -> None:
        source = self._supervisor.source
        if self._watches and source is not None:
            self._run(FileWatch(lambda: source.marks, self._reload).run())

    async def _reload(self) -> None:
        # It was logged; who has sent a signal cannot be told in another way.
        self._notifier.reloading()
        with contextlib.suppress(Exception):
            await self._supervisor.reload()
        self._notifier.ready()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

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


async def _before(task: asyncio.Task[None], event: asyncio.Event) -> bool:
    """Wait for the first of the two; whether it was *task*."""
    waiting = asyncio.create_task(_wait(event))
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task.done()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def describe(supervisor: Supervisor, source: str) -> Iterator[str]:
    """What a started gateway of several workers serves and where, line by line."""
    config = supervisor.config
    targets = sum(len(service.targets) for service in config.services.values())
    counts = [(len(config.routes), "route"), (len(config.services), "service"), (targets, "target")]
    what = ", ".join(counted(*pair) for pair in counts)
    yield f"vizgate {__version__} serves {source}: {what}; {counted(supervisor.fleet.size, 'worker')}"
    for url in supervisor.urls:
        yield f"  listening on {url}"
    admin = supervisor.admin_url
    yield "  admin off" if admin is None else f"  admin on {admin} (/health /liveness /readiness /metrics)"
    yield platform_line(supervisor.codec)
