"""One worker, as its supervisor sees it.

In: ``Member``, ``Phase``. Not in: how many there are, and what happens when one ends (``supervisor.fleet``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from vizgate.gateway.workers.birth.nursery import Child, Exit
from vizgate.gateway.workers.channel.channel import Channel, ChannelClosed, Refused

_log = logging.getLogger("vizgate.workers")

# How often the loop of a worker is tried, as a share of the time that it has for an answer.
_PING_SHARE = 0.25


class Phase(Enum):
    """The part of its life a worker is in."""

    STARTING = "starting"
    READY = "ready"
    LEAVING = "leaving"


class Member:
    """A process and the channel to it. ``number``: for people. ``seat``: its place in the page of loads."""

    def __init__(self, number: int, seat: int, child: Child, channel: Channel, since_s: float) -> None:
        self.number = number
        self.seat = seat
        self.child = child
        self.channel = channel
        self.since_s = since_s
        self.phase = Phase.STARTING
        self.is_hung = False
        #: Whether it leaves because the supervisor wants it to.
        self.is_dismissed = False
        self._left = asyncio.Event()

    async def begin(self, body: dict[str, Any], blob: bytes, files: Sequence[int]) -> None:
        """Have it serve. Raises: Refused: it cannot. ChannelClosed: it has died."""
        await self.channel.ask("begin", body, blob=blob, files=files)
        if self.phase is Phase.STARTING:
            self.phase = Phase.READY

    def leave(self) -> None:
        """It takes no more connections, so that another one is needed."""
        self.phase = Phase.LEAVING
        self._left.set()

    async def wait_replaceable(self) -> Exit | None:
        """How it has ended, or None when it is still about to leave."""
        ended, left = asyncio.ensure_future(self.child.wait_ended()), asyncio.ensure_future(self._left.wait())
        await asyncio.wait([ended, left], return_when=asyncio.FIRST_COMPLETED)
        left.cancel()
        if ended.done():
            return ended.result()
        ended.cancel()
        return None

    async def watch(self, patience_s: Callable[[], float]) -> None:
        """Kill it when its loop stands still for *patience_s*; returns when it is gone."""
        while True:
            timeout_s = patience_s()
            try:
                await self.channel.ask("ping", timeout_s=timeout_s)
            except TimeoutError:
                self.is_hung = True
                _log.error("worker %d (process %d) has not answered for %g s", self.number, self.child.pid, timeout_s)
                self.kill()
                return
            except (ChannelClosed, Refused):
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s * _PING_SHARE):
                    await self.channel.wait_closed()

    def tell(self, name: str, body: Any) -> None:
        """Say something to it that it need not answer; if it is gone, nobody needs to hear it."""
        with contextlib.suppress(ChannelClosed):
            self.channel.tell(name, body)

    async def stop(self, timeout_s: float, *, is_last: bool) -> None:
        """Tell it to end; its requests in flight may take *timeout_s*. Args: is_last: whether all others stop, too."""
        self.is_dismissed = True
        self.leave()
        with contextlib.suppress(ChannelClosed, Refused, TimeoutError):  # who does not hear it is killed
            await self.channel.ask("stop", {"timeout_s": timeout_s, "is_last": is_last}, timeout_s=timeout_s or None)

    def kill(self) -> None:
        """End it at once."""
        self.child.signal(signal.SIGKILL)

    def __repr__(self) -> str:
        return f"<Member {self.number} [{self.phase.value}] {self.child!r}>"
