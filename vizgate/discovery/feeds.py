"""All sources that a configuration leans on.

In: ``Feeds``, which starts them at once and together. Not in: one of them (``discovery.feed``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

from vizgate.discovery.feed import Feed
from vizgate.extension.contract import Component


class Feeds(Component):
    """Starts *feeds*; the start waits for first answers, of all in the same time."""

    def __init__(self, feeds: Iterable[Feed]) -> None:
        super().__init__(None)
        self._feeds = tuple(feeds)
        self._entered: list[Feed] = []

    async def start(self) -> None:
        """Raises: NoTargetsFound, or whatever the start of a source raises."""
        for feed in self._feeds:
            self._entered.append(feed)
            await feed.enter()
        results = await asyncio.gather(*(feed.wait_first() for feed in self._feeds), return_exceptions=True)
        for result in results:
            if isinstance(result, BaseException):
                raise result

    async def stop(self) -> None:
        """Lean on them no more."""
        entered, self._entered = self._entered, []
        # Together, and all of them: one that fails to stop keeps no other.
        for result in await asyncio.gather(*(feed.leave() for feed in entered), return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def __repr__(self) -> str:
        return f"<Feeds [{len(self._feeds)} sources]>"
