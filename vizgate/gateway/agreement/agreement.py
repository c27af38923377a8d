"""Keeps a gateway of one mind with all others of its store.

In: ``Agreement``: when it looks, and what it does when the store is away. Not in: what it is about (the modules beside
this).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Sequence
from typing import ClassVar, Final, Protocol

from vizgate.gateway.agreement.board import Board

_log = logging.getLogger("vizgate.gateway")

EVERY_S: Final = 1.0
# One answer that is late is no outage.
_FAILURES_TOLD = 2


class Topic(Protocol):
    """Something to agree about. ``stake``: what holds while the store is away, as a clause."""

    stake: ClassVar[str]

    @property
    def is_wanted(self) -> bool:
        """Whether there is anything to agree about."""
        ...

    async def follow(self) -> None:
        """Bring this gateway and the others together. Raises: StoreFailed."""
        ...


class Agreement:
    """Looks once before the gateway serves, then every second, and at once after ``wake``. It may be started again.

    A store that is away keeps nothing from starting or going on: everything stays as this gateway knows it, and the
    next look that succeeds makes up for all before it.
    """

    def __init__(self, topics: Sequence[Topic], board: Board) -> None:
        self._topics = topics
        self._board = board
        self._woken = asyncio.Event()
        self._looking: asyncio.Task[None] | None = None
        self._failures = 0

    def wake(self) -> None:
        """There is something to be said to the others."""
        self._woken.set()

    async def start(self) -> None:
        """Look a first time, and go on."""
        self._woken = asyncio.Event()  # it belongs to the loop that waits for it first, and this may be another one
        await self.look()
        self._looking = asyncio.create_task(self._keep_looking())

    async def _keep_looking(self) -> None:
        while True:
            # Not ``wait_for``: on Python 3.11 it forgets a cancellation that comes in the turn of what it waits for.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(EVERY_S):
                    await self._woken.wait()
            self._woken.clear()
            await self.look()

    async def look(self) -> None:
        """Have every topic follow; a failure is told once, until it is over."""
        wanted = [topic for topic in self._topics if topic.is_wanted] if self._board.is_shared else []
        try:
            for topic in wanted:
                await topic.follow()
        except Exception as exc:  # noqa: BLE001  # a store of one's own may fail in its own ways, and is asked again
            self._failures += 1
            if self._failures == _FAILURES_TOLD:
                stakes = ", and ".join(topic.stake for topic in wanted)
                _log.warning("the store does not answer: %s. Until it does, %s", exc, stakes)
        else:
            if self._failures >= _FAILURES_TOLD:
                _log.info("the store answers: this gateway agrees with the others again")
            self._failures = 0

    async def stop(self) -> None:
        """Look no more."""
        looking, self._looking = self._looking, None
        if looking is not None:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    def __repr__(self) -> str:
        return f"<Agreement [{len(self._topics)} topics | failures in a row: {self._failures}]>"
