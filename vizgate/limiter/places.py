"""Places of a concurrency limit that requests of this process hold.

In: ``Places`` and ``Place``: giving back exactly once, renewing what is held for long. Not in: counting
(``limiter.programs.concurrency``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable
from contextlib import suppress

from vizgate.extension.store import Cells, Store, StoreFailed
from vizgate.limiter.programs.concurrency import RELEASE, RENEW
from vizgate.limiter.rules import CONCURRENCY

_log = logging.getLogger("vizgate.limiter")


class Place:
    """One place, held from the moment it was taken to ``release``. ``span``: see ``ConcurrencyProgram``."""

    __slots__ = ("key", "owner", "settings", "span")

    def __init__(self, owner: Places, key: bytes, settings: Cells, span: float) -> None:
        self.owner = owner
        self.key = key
        self.settings = settings
        self.span = span

    def release(self) -> None:
        """Give it back; nothing happens when it was given back already."""
        self.owner.release(self)


class Places:
    """Every place that one limit's requests hold in this process. Args: lease_s: how long one lasts unrenewed.

    They outlive a reload: a stream that goes on holds its place, and somebody must renew it.
    """

    def __init__(self, store: Store, lease_s: float) -> None:
        self._store = store
        self._lease_s = lease_s
        self._held: set[Place] = set()
        # Releases that a store over the network has not confirmed: bounded by its own timeout.
        self._leaving: set[asyncio.Future[None]] = set()
        self._users = 0
        self._renewing: asyncio.Task[None] | None = None
        self._in_renewal: Place | None = None

    def is_in(self, store: Store, lease_s: float) -> bool:
        """Whether it was made for this *store* and *lease_s*."""
        return self._store is store and self._lease_s == lease_s

    def hold(self, key: bytes, settings: Cells, span: float) -> Place:
        """The place that was just taken under *key*."""
        place = Place(self, key, settings, span)
        self._held.add(place)
        return place

    def release(self, place: Place) -> None:
        """See ``Place.release``."""
        if place not in self._held:
            return
        self._held.discard(place)
        if place is not self._in_renewal:  # else ``renew`` gives it back, once it knows the span
            self._give_back(place)

    def _give_back(self, place: Place) -> None:
        try:
            answer = self._store.run(CONCURRENCY, place.key, (RELEASE, place.span, *place.settings))
        except StoreFailed:
            return  # the lease runs out by itself
        if not isinstance(answer, tuple):
            leaving = asyncio.ensure_future(_ended(answer))
            self._leaving.add(leaving)
            leaving.add_done_callback(self._leaving.discard)

    def start(self) -> None:
        """Renew from now on what is held for long; for one more user."""
        self._users += 1
        if self._users == 1:
            self._renewing = asyncio.create_task(self._renew_on())

    def clear(self) -> None:
        """What is held is given back by who holds it."""

    async def stop(self) -> None:
        """For the last user: renew no more, and wait until what was given back has been said."""
        self._users -= 1
        if self._users > 0:
            return
        if self._renewing is not None:
            self._renewing.cancel()
            await asyncio.wait([self._renewing])
            self._renewing = None
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _renew_on(self) -> None:
        # Twice in each span: a place is renewed before the span it was taken in has become the last that counts.
        while True:
            await asyncio.sleep(self._lease_s / 4)
            try:
                await self.renew()
            except Exception:  # noqa: BLE001  # whatever the store does, the places must be renewed the next time
                _log.exception("places could not be renewed")

    async def renew(self) -> None:
        """Have every place that is held last for a whole lease from now on."""
        for place in list(self._held):
            if place in self._held:
                self._in_renewal = place
                try:
                    await self._renew_one(place)
                finally:
                    self._in_renewal = None
                if place not in self._held:
                    self._give_back(place)
            await asyncio.sleep(0)

    async def _renew_one(self, place: Place) -> None:
        try:
            answer = self._store.run(CONCURRENCY, place.key, (RENEW, place.span, *place.settings))
            result = answer if isinstance(answer, tuple) else await answer
        except StoreFailed:
            return  # there is another time before the lease has run out
        place.span = result[4]

    def __len__(self) -> int:
        return len(self._held)

    def __repr__(self) -> str:
        return f"<Places [{len(self)} held, {len(self._leaving)} being given back]>"


async def _ended(answer: Awaitable[Cells]) -> None:
    # Without an answer the lease runs out by itself.
    with suppress(StoreFailed):
        await answer
