"""Serving in the foreground: start, tell, obey signals, drain, stop.

In: ``operate``. Not in: where the gateway's configuration comes from (``cli.serve``, ``cli.proxy``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import platform
import signal
import sys
from collections.abc import Awaitable, Coroutine, Iterator
from typing import Any

from vizgate._version import __version__
from vizgate.cli import untimely_signals
from vizgate.cli.notify import Notifier
from vizgate.config.model import ServerConfig
from vizgate.gateway import process
from vizgate.gateway.reload.watching.file_watch import FileWatch
from vizgate.gateway.server import Gateway

_log = logging.getLogger("vizgate.serve")

# How long a stop at once may take, in seconds, for middleware that does not end.
_AT_ONCE_S = 2.0


def operate(gateway: Gateway, source: str, *, watches: bool = False) -> int:
    """Serve until a signal ends it; gives the exit code: 0, or 128 and the signal's number when it had to hurry.

    Args: source: what is served, for people. watches: whether a change of the file that it comes from reloads it.
    Raises: ListenFailed, StartFailed: it cannot start.
    """
    process.raise_file_limit()
    gateway.build_inside(process.building)
    process.overlook_malformed_names()
    return process.run(_Operation(gateway, source, watches=watches).run())


class _Operation:
    """One gateway, from start to stop."""

    def __init__(self, gateway: Gateway, source: str, *, watches: bool) -> None:
        self._gateway = gateway
        self._source = source
        self._watches = watches
        self._background: set[asyncio.Task[None]] = set()
        self._notifier = Notifier.of(os.environ, os.getpid())
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._signal = signal.SIGTERM

    async def run(self) -> int:
        self._listen_to_signals()
        starting = asyncio.ensure_future(self._gateway.start())
        if not await _before(starting, self._stop):
            starting.cancel()
            await asyncio.wait([starting])
            return 0
        starting.result()
        process.settle()
        say("\n".join(describe(self._gateway, self._source)))
        self._watch()
        self._notifier.ready()
        self._run(self._notifier.watch())
        await self._stop.wait()
        try:
            return await self._end()
        finally:
            untimely_signals.overhear(asyncio.get_running_loop())

    def _watch(self) -> None:
        source = self._gateway.source
        if self._watches and source is not None:
            self._run(FileWatch(lambda: source.marks, self._reload).run())

    async def _reload(self) -> None:
        # It was logged; who has sent a signal cannot be told in another way.
        self._notifier.reloading()
        with contextlib.suppress(Exception):
            await self._gateway.reload()
        self._notifier.ready()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _end(self) -> int:
        self._notifier.stopping()
        say(stop_line(self._signal, self._gateway.config.server))
        ending = asyncio.ensure_future(self._gateway.stop())
        if await _before(ending, self._at_once):
            ending.result()
            say("vizgate: stopped")
            return 0
        ending.cancel()
        say(f"vizgate: {self._signal.name} again: stopped at once")
        try:
            async with asyncio.timeout(_AT_ONCE_S):
                await self._gateway.stop(timeout_s=0.0)
        except TimeoutError:
            _log.warning("gave up waiting for parts that do not stop")
        return 128 + self._signal

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told_to_stop, signal.SIGTERM)
        loop.add_signal_handler(signal.SIGINT, self._told_to_stop, signal.SIGINT)
        loop.add_signal_handler(signal.SIGUSR1, self._gateway.reopen_logs)
        loop.add_signal_handler(signal.SIGHUP, lambda: self._run(self._reload()))
        untimely_signals.pass_on()

    def _told_to_stop(self, number: signal.Signals) -> None:
        self._signal = number
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()


async def _before(task: asyncio.Future[None], event: asyncio.Event) -> bool:
    """Wait for the first of the two; whether it was *task*."""
    waiting = asyncio.ensure_future(_wait(event.wait()))
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task.done()


async def _wait(awaitable: Awaitable[object]) -> None:
    await awaitable


def say(text: str) -> None:
    """Tell people *text*, on standard error."""
    # Standard output belongs to the access log.
    print(text, file=sys.stderr, flush=True)


def stop_line(number: signal.Signals, server: ServerConfig) -> str:
    """What people are told when the signal *number* ends a gateway."""
    delay = f"in {server.shutdown_delay:g} s " if server.shutdown_delay else ""
    return (
        f"vizgate: {number.name}: {delay}no new connections; requests in flight may take {server.shutdown_timeout:g} s"
        " more"
    )


def describe(gateway: Gateway, source: str) -> Iterator[str]:
    """What a started *gateway* serves and where, line by line."""
    config = gateway.config
    targets = sum(len(service.targets.targets) for service in gateway.plan.services.values())
    counts = [(len(config.routes), "route"), (len(config.services), "service"), (targets, "target")]
    yield f"vizgate {__version__} serves {source}: {', '.join(counted(*pair) for pair in counts)}"
    for url in gateway.urls:
        yield f"  listening on {url}"
    admin = gateway.admin_url
    if admin is None:
        yield "  admin off"
    else:
        yield f"  admin on {admin} (/health /liveness /readiness /metrics)"
    yield platform_line(gateway.plan.server.codec.name)


def platform_line(codec: str) -> str:
    """What a gateway runs on. Args: codec: the name of its HTTP/1.1 codec."""
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"  HTTP/1.1 by {codec}, event loop {process.loop_name()}, {python}"


def counted(number: int, noun: str) -> str:
    """*number* and *noun*, in the plural where it must be."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
