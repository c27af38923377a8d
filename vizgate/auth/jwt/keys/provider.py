"""Keys that stay fresh while requests use them.

In: ``KeyProvider``: fetches in the background, one at a time. Not in: when (``keys.refresh``) and whence
(``keys.source``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from vizgate.auth.jwt.keys.key_set import KeySet
from vizgate.auth.jwt.keys.material import KeyUnusable
from vizgate.auth.jwt.keys.refresh import RefreshSchedule
from vizgate.auth.jwt.keys.source import KeySource
from vizgate.clock import Clock
from vizgate.errors import CallFailed
from vizgate.observe.metrics import CounterFamily

_log = logging.getLogger("vizgate.auth")

#: How long a start waits for the first keys, so that the first requests find some. Without them it goes on.
START_PATIENCE_S = 2.0
_SHORTEST_WAIT_S = 0.05


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What a provider is made of. ``name``: of the authenticator. ``counters``: by name and ``ok`` or ``failed``."""

    name: str
    algorithms: frozenset[str]
    clock: Clock
    counters: CounterFamily


class KeyProvider:
    """Keeps the keys of *source* fresh and gives each new set to who uses them.

    A source that fails leaves the old keys where they are. Users are told only when keys have changed. It runs as long
    as there are any: over a reload the next one comes before the last one leaves, and nothing is fetched for it.
    """

    def __init__(self, settings: ProviderSettings, source: KeySource, schedule: RefreshSchedule) -> None:
        self._settings = settings
        self._source = source
        self._schedule = schedule
        self._users: list[Callable[[KeySet], None]] = []
        self._keys: KeySet | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._keeping: asyncio.Task[None] | None = None
        self._fetched = settings.counters.of(settings.name, "ok")
        self._failed = settings.counters.of(settings.name, "failed")

    @property
    def is_failing(self) -> bool:
        """Whether the source was away or wrong when it was asked last."""
        return self._schedule.failures > 0

    async def start(self, use: Callable[[KeySet], None]) -> None:
        """Have *use* be given keys; returns when there are some, or after a short while without."""
        self.add(use)
        if len(self._users) > 1:
            self._look_again()
            return
        first = self.refresh()
        self._keeping = asyncio.ensure_future(self._keep())
        await asyncio.wait([asyncio.ensure_future(first)], timeout=START_PATIENCE_S)

    def _look_again(self) -> None:
        """Whoever reloads may know that there are other keys; what there is serves meanwhile."""
        if self._source.is_near:
            self.refresh()
        else:
            self.refresh_early()

    def add(self, use: Callable[[KeySet], None]) -> None:
        """Have *use* be given keys whenever some are fetched, and the present ones at once."""
        self._users.append(use)
        if self._keys is not None:
            use(self._keys)

    async def stop(self, use: Callable[[KeySet], None]) -> None:
        """Give nothing to *use* any more; after the last one, end everything that runs in the background."""
        if use in self._users:
            self._users.remove(use)
        if self._users:
            return
        running = [task for task in (self._keeping, self._fetching) if task is not None]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        self._keeping = self._fetching = None

    def refresh(self) -> Awaitable[None]:
        """Fetch now, or wait for the fetch that is under way; never fails."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.ensure_future(self._fetch())
        # Shielded: the client that was the cause may leave before the others do.
        return asyncio.shield(self._fetching)

    def refresh_early(self) -> Awaitable[None] | None:
        """As ``refresh``, because of an unknown key; None when that must not happen again so soon."""
        if self._fetching is not None and not self._fetching.done():
            return asyncio.shield(self._fetching)
        if not self._schedule.may_fetch_early(self._settings.clock.monotonic()):
            return None
        return self.refresh()

    async def refresh_if_due(self) -> None:
        """Fetch if it is time to."""
        if self._settings.clock.monotonic() >= self._schedule.due_s:
            await self.refresh()

    async def _keep(self) -> None:
        while True:
            await self.refresh_if_due()
            wait_s = self._schedule.due_s - self._settings.clock.monotonic()
            await asyncio.sleep(max(wait_s, _SHORTEST_WAIT_S))

    async def _fetch(self) -> None:
        clock = self._settings.clock
        self._schedule.began(clock.monotonic())
        try:
            document = await self._source.fetch()
            keys = KeySet.of_document(document.data, self._settings.algorithms)
        except Exception as exc:  # noqa: BLE001  # not even a fault of ours may end the refreshing
            self._schedule.failed(clock.monotonic())
            self._failed.value += 1
            self._tell_failure(exc)
            return
        self._schedule.succeeded(clock.monotonic(), document.max_age_s)
        self._fetched.value += 1
        self._take(keys)

    def _take(self, keys: KeySet) -> None:
        if keys == self._keys:
            return
        left_out = f"; left out: {'; '.join(keys.problems[:3])}" if keys.problems else ""
        _log.info("auth %s: %d keys from %s%s", self._settings.name, len(keys), self._source.label, left_out)
        self._keys = keys
        for use in self._users:
            use(keys)

    def _tell_failure(self, exc: Exception) -> None:
        expected = isinstance(exc, (CallFailed, KeyUnusable))
        meanwhile = "requests with tokens get 503" if self._keys is None else "the old ones serve on"
        arguments = (self._settings.name, self._source.label, exc, meanwhile)
        _log.warning("auth %s: no keys from %s: %s; %s", *arguments, exc_info=None if expected else exc)

    def __repr__(self) -> str:
        return f"<KeyProvider {self._source.label} [{self._keys!r}, failures: {self._schedule.failures}]>"
