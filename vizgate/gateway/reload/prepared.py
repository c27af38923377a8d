"""A reload up to the point where it cannot fail any more.

In: ``PreparedReload``. Not in: preparing it and what a swap is (``gateway.server``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from vizgate.config import GatewayConfig
from vizgate.gateway.listening.doors import NextDoors
from vizgate.gateway.running.generation import Generation
from vizgate.gateway.running.records import open_access_log
from vizgate.gateway.state import GatewayState
from vizgate.observe.access_log import AccessLog


class PreparedReload:
    """``generation`` is started, its listeners are bound, and nothing of it serves: to be either committed or aborted.

    ``log``: of its own, None where the present one goes on or there is none. ``keeps_log``: whether that goes on.
    """

    def __init__(
        self,
        generation: Generation,
        doors: NextDoors,
        swap: Callable[[PreparedReload], None],
        done: Callable[[], None],
    ) -> None:
        self.generation = generation
        self.doors = doors
        self.log: AccessLog | None = None
        self.keeps_log = True
        self._swap: Callable[[PreparedReload], None] | None = swap
        self._done = done

    async def start(self, present: GatewayConfig, state: GatewayState, *, binds: bool) -> None:
        """Get ready to serve. Args: present: what serves now. binds: whether there are to be listeners.

        Raises: StartFailed, ListenFailed: something could not be started or listened on; nothing of it is left.
        """
        settings = self.generation.config.observe.access_log
        try:
            if settings != present.observe.access_log:
                self.keeps_log, self.log = False, open_access_log(settings, state)
            await self.generation.start()
            if binds:
                await self.doors.bind()
        except BaseException:
            await self.let_go()
            raise

    def commit(self) -> None:
        """Have it serve from the next request on; it cannot fail. The configuration before retires in the background.

        Nothing happens when it was committed or aborted before.
        """
        swap, self._swap = self._swap, None
        if swap is not None:
            try:
                swap(self)
            finally:
                self._done()

    async def abort(self) -> None:
        """Let go of everything that was made for it. Nothing happens when it was committed or aborted before."""
        swap, self._swap = self._swap, None
        if swap is not None:
            try:
                await self.let_go()
            finally:
                self._done()

    async def let_go(self) -> None:
        """Stop what was started, and give back what was bound and opened."""
        self.doors.close()
        await self.generation.stop()
        if self.log is not None:
            await asyncio.to_thread(self.log.close)

    def __repr__(self) -> str:
        return f"<PreparedReload of {self.generation!r} [{'waiting' if self._swap else 'done'}]>"
