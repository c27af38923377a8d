"""Looks up the names of targets, so that a name server that hangs holds up nobody but those who wait for it.

In: ``Resolver``. Not in: connecting (``transport.pool``).
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Sequence
from contextlib import suppress
from threading import Thread
from typing import Any

#: As ``socket.getaddrinfo``: it blocks.
LookUp = Callable[..., Sequence[tuple[Any, ...]]]
_Found = tuple[str, ...] | Exception


class Resolver:
    """Looks each name up once at a time, in a thread of its own, and keeps nothing: what a name stands for may change.

    The lookups of event loops share a few threads, four with uvloop and otherwise those of everything else that is done
    off the loop, and go on when nobody waits any more: some requests for one dead name would stop every other service.

    Args: look_up: see ``LookUp``.
    """

    __slots__ = ("_look_up", "_pending")

    def __init__(self, look_up: LookUp = socket.getaddrinfo) -> None:
        self._look_up = look_up
        # By name; at most one for each name of the configuration.
        self._pending: dict[str, asyncio.Future[_Found]] = {}

    async def addresses(self, host: str) -> tuple[str, ...]:
        """The addresses of *host*, in the order in which they should be tried, at least one.

        Raises: OSError, UnicodeError: there is none, or *host* can be no name.
        """
        pending = self._pending.get(host)
        if pending is None or pending.get_loop() is not asyncio.get_running_loop():
            pending = self._begin(host)
        # Who gives up must not end it for the others, nor have the next one begin another.
        found = await asyncio.shield(pending)
        if isinstance(found, Exception):
            raise OSError(f"no address: {found}") from found
        return found

    def _begin(self, host: str) -> asyncio.Future[_Found]:
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[_Found] = loop.create_future()
        self._pending[host] = pending

        def end(found: _Found) -> None:
            if self._pending.get(host) is pending:
                del self._pending[host]
            if not pending.done():
                pending.set_result(found)

        def run() -> None:
            found = self._found(host)
            with suppress(RuntimeError):  # the loop was closed meanwhile, and nobody waits
                loop.call_soon_threadsafe(end, found)

        # Not of an executor: a process that ends would wait for a lookup that hangs.
        Thread(target=run, name=f"lookup of {host}", daemon=True).start()
        return pending

    def _found(self, host: str) -> _Found:
        try:
            found = self._look_up(host, None, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as exc:  # UnicodeError: a name that IDNA cannot encode
            return exc
        return tuple(dict.fromkeys(str(address[0]) for *_, address in found)) or OSError("the name has none")

    def __repr__(self) -> str:
        return f"<Resolver [{len(self._pending)} lookups]>"
