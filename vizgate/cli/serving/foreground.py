"""Serving in the foreground: start, tell, obey signals, drain, stop.

In: ``Foreground``, what it tells people. Not in: what serves (``serving.operation``, ``serving.supervision``).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import platform
import signal
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine, Iterator, Mapping, Sequence
from typing import Any, Protocol

from vizgate._version import __version__
from vizgate.cli.serving import untimely_signals
from vizgate.cli.serving.notify import Notifier
from vizgate.config import GatewayConfig
from vizgate.config.model import ServerConfig
from vizgate.gateway import process
from vizgate.gateway.reload.source import ConfigSource
from vizgate.gateway.reload.watching.file_watch import FileWatch
from vizgate.units import counted


class Served(Protocol):
    """What serves, in one process or in several."""

    @property
    def config(self) -> GatewayConfig:
        """What it serves by."""
        ...

    @property
    def source(self) -> ConfigSource | None:
        """Where that can be read again; None where it cannot."""
        ...

    @property
    def urls(self) -> list[str]:
        """Where it listens."""
        ...

    @property
    def admin_url(self) -> str | None:
        """Where its admin listener is; None when it is off."""
        ...

    async def start(self) -> None:
        """Serve."""
        ...

    async def reload(self) -> None:
        """Read the configuration again."""
        ...

    async def stop(self, timeout_s: float | None = None) -> None:
        """Drain, and end."""
        ...


class Foreground(ABC):
    """*served*, from start to stop.

    Args: name: what is served, for people. watches: whether a change of the file that it comes from reloads it.
    """

    def __init__(self, served: Served, name: str, *, watches: bool) -> None:
        self._served = served
        self._name = name
        self._watches = watches
        self._notifier = Notifier.of(os.environ, os.getpid())
        self._stop = asyncio.Event()
        self._at_once = asyncio.Event()
        self._signal = signal.SIGTERM
        self._background: set[asyncio.Task[None]] = set()

    async def run(self) -> int:
        """Serve until a signal ends it; gives the exit code: 0, or 128 and the signal's number when it had to hurry.

        Raises: VizgateError: it cannot start.
        """
        self._listen_to_signals()
        starting = asyncio.create_task(self._served.start())
        if not await _before(starting, self._stop):
            starting.cancel()
            await asyncio.wait([starting])
            return 0
        starting.result()
        process.settle()
        say("\n".join(self._describe()))
        self._watch()
        self._notifier.ready()
        self._run(self._notifier.watch())
        await self._stop.wait()
        try:
            return await self._end()
        finally:
            untimely_signals.overhear()

    # what one process and several do each in their way

    @abstractmethod
    def _orders(self) -> Mapping[signal.Signals, Callable[[], object]]:
        """What signals mean, beside those that end it and the one that reloads."""

    @abstractmethod
    def _counts(self) -> Sequence[str]:
        """How much there is of what, for people."""

    @property
    @abstractmethod
    def _codec(self) -> str:
        """The name of the HTTP/1.1 codec."""

    @abstractmethod
    async def _stop_at_once(self, ending: asyncio.Task[None]) -> None:
        """Stop without waiting for requests. Args: ending: the stop that was under way."""

    # the rest they share

    def _listen_to_signals(self) -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, self._told_to_stop, signal.SIGTERM)
        loop.add_signal_handler(signal.SIGINT, self._told_to_stop, signal.SIGINT)
        untimely_signals.obey({signal.SIGHUP: lambda: self._run(self._reload()), **self._orders()})

    def _told_to_stop(self, number: signal.Signals) -> None:
        self._signal = number
        if self._stop.is_set():
            self._at_once.set()
        self._stop.set()

    def _watch(self) -> None:
        source = self._served.source
        if self._watches and source is not None:
            self._run(FileWatch(lambda: source.marks, self._reload).run())

    async def _reload(self) -> None:
        # It was logged; who has sent a signal cannot be told in another way.
        self._notifier.reloading()
        with contextlib.suppress(Exception):
            await self._served.reload()
        self._notifier.ready()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _end(self) -> int:
        self._notifier.stopping()
        say(_stop_line(self._signal, self._served.config.server))
        ending = asyncio.create_task(self._served.stop())
        if await _before(ending, self._at_once):
            ending.result()
            say("vizgate: stopped")
            return 0
        say(f"vizgate: {self._signal.name} again: stopped at once")
        await self._stop_at_once(ending)
        return 128 + self._signal

    def _describe(self) -> Iterator[str]:
        """What serves and where, line by line."""
        served = self._served
        yield f"vizgate {__version__} serves {self._name}: {', '.join(self._counts())}"
        for url in served.urls:
            yield f"  listening on {url}"
        admin = served.admin_url
        yield "  admin off" if admin is None else f"  admin on {admin} (/health /liveness /readiness /metrics)"
        python = f"{platform.python_implementation()} {platform.python_version()}"
        yield f"  HTTP/1.1 by {self._codec}, event loop {process.loop_name()}, {python}"

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name}>"


async def _before(task: asyncio.Task[None], event: asyncio.Event) -> bool:
    """Wait for the first of the two; whether it was *task*."""
    waiting = asyncio.create_task(_wait(event))
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return task.done()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


def say(text: str) -> None:
    """Tell people *text*, on standard error."""
    # Standard output belongs to the access log.
    print(text, file=sys.stderr, flush=True)


def _stop_line(number: signal.Signals, server: ServerConfig) -> str:
    delay = f"in {server.shutdown_delay:g} s " if server.shutdown_delay else ""
    return (
        f"vizgate: {number.name}: {delay}no new connections; requests in flight may take {server.shutdown_timeout:g} s"
        " more"
    )


def counts_of(config: GatewayConfig, targets: int) -> list[str]:
    """How many routes, services and *targets* *config* has, for people."""
    pairs = [(len(config.routes), "route"), (len(config.services), "service"), (targets, "target")]
    return [counted(*pair) for pair in pairs]
