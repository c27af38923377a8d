"""Using a source as a gateway does, with waits that take no time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from vizgate.extension.contract import Context
from vizgate.extension.kinds.discovery import Discovered, Discovery
from vizgate.gateway.calls import Calls
from vizgate.testing import ManualClock


class Waits:
    """Notes how long a source wants to wait, and lets the test say when it is over."""

    def __init__(self) -> None:
        self.seconds: list[float] = []
        self._turns: asyncio.Queue[None] = asyncio.Queue()

    async def sleep(self, seconds: float) -> None:
        self.seconds.append(seconds)
        await self._turns.get()

    def end(self) -> None:
        self._turns.put_nowait(None)


class Asked:
    """A source being watched. ``waits``: its own; ``clock``: stands still."""

    def __init__(self, source: Discovery, waits: Waits, clock: ManualClock) -> None:
        self.source = source
        self.clock = clock
        self.waits = waits
        self._answers: Any = None

    async def next(self) -> Discovered:
        """The next answer; after a failure it begins anew, as the gateway does."""
        if self._answers is None:
            self._answers = self.source.watch()
        else:
            self.waits.end()
        try:
            async with asyncio.timeout(5):
                return await anext(self._answers)
        except Exception:
            await self.close()
            raise

    async def addresses(self) -> list[str]:
        return sorted(target.address for target in (await self.next()).targets)

    async def close(self) -> None:
        if self._answers is not None:
            answers, self._answers = self._answers, None
            await answers.aclose()


@asynccontextmanager
async def asked(source: type[Discovery], clock: ManualClock | None = None, **settings: Any) -> AsyncIterator[Asked]:
    """A *source* with these *settings*."""
    waits, clock = Waits(), clock or ManualClock()
    async with Calls() as calls:
        context = Context(clock=clock, calls=calls, sleep=waits.sleep, random=Random(1))
        asking = Asked(source(source.Config(**settings), context), waits, clock)
        try:
            yield asking
        finally:
            await asking.close()
