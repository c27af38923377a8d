"""The store of one process: a table with a bound.

In: ``MemoryStore``: who leaves when it is full, and keeping it in a file. Not in: the file's format
(``store.snapshot``).
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import OrderedDict
from itertools import islice

from vizgate.extension.contract import Context
from vizgate.extension.store import NO_CELLS, Cells, Program, is_lasting
from vizgate.extension.store_component import StoreComponent
from vizgate.store.config import MemoryStoreConfig
from vizgate.store.snapshot import Entry, SnapshotFault, read_snapshot, write_snapshot

_log = logging.getLogger("vizgate.store")

_PERSIST_EVERY_S = 30.0
# A new key pays for two others: all are looked at before the table could fill up anew.
_SWEPT_PER_NEW_KEY = 2
_LOOKED_AT_WHEN_FULL = 8
# Once around the table, a lasting key is passed by; a table of nothing else must not cost more than this.
_LET_PASS = 100


class MemoryStore(StoreComponent):
    """Numbers of this process alone. Without *config* it keeps up to 200 000 keys and no file."""

    Config = MemoryStoreConfig
    is_local = True

    def __init__(self, config: MemoryStoreConfig | None = None, context: Context | None = None) -> None:
        super().__init__(config or MemoryStoreConfig(kind="memory"), context)
        self._limit = self.config.keys
        self._wall = self.context.clock.wall
        counters = self.context.metrics.counters("store_evictions", "Keys that left the store before they expired.")
        self._evictions = counters.of()
        # In the order of their last use. Not a dict: finding its first entry takes longer the more have left it.
        self._entries: OrderedDict[bytes, Entry] = OrderedDict()
        self._to_sweep: list[bytes] = []
        self._is_changed = False
        self._could_write = True
        self._stopping = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        """See ``Store.run``; it never fails."""
        entries = self._entries
        now_s = self._wall()
        entry = entries.get(key)
        seen = NO_CELLS if entry is None or entry[1] <= now_s else entry[0]
        cells, ttl_s, result = program.run(seen, now_s, arguments)
        if cells and ttl_s > 0.0:
            if entry is None:
                self._make_room(now_s)
                lasts = is_lasting(program)
            else:
                entries.move_to_end(key)
                lasts = entry[2]
            entries[key] = (cells, now_s + ttl_s, lasts)
            self._is_changed = True
        elif entry is not None:
            del entries[key]
            self._is_changed = True
        return result

    def _make_room(self, now_s: float) -> None:
        entries = self._entries
        self._sweep(now_s)
        if len(entries) < self._limit:
            return
        oldest = list(islice(entries.items(), _LOOKED_AT_WHEN_FULL))
        expired = next((key for key, entry in oldest if entry[1] <= now_s), None)
        if expired is not None:
            del entries[expired]
            return
        self._let_lasting_pass()
        entries.popitem(last=False)
        self._evictions.value += 1

    def _let_lasting_pass(self) -> None:
        """Put lasting keys that are next to leave at the end, so that another leaves, if there is one before long."""
        entries = self._entries
        for _ in range(_LET_PASS):
            key = next(iter(entries))
            if not entries[key][2]:
                return
            entries.move_to_end(key)

    def _sweep(self, now_s: float) -> None:
        """Look at a few keys in turn and drop those that have expired, wherever they stand in the order."""
        entries, waiting = self._entries, self._to_sweep
        if not waiting:
            waiting.extend(entries)
        for _ in range(min(_SWEPT_PER_NEW_KEY, len(waiting))):
            key = waiting.pop()
            entry = entries.get(key)
            if entry is not None and entry[1] <= now_s:
                del entries[key]

    async def start(self) -> None:
        """Read the file, if there is one; whatever is wrong with it is a warning."""
        path = self.config.persist
        if path is None:
            return
        try:
            found = await asyncio.to_thread(read_snapshot, path)
        except FileNotFoundError:
            found = {}
        except (OSError, SnapshotFault) as exc:
            _log.warning("store.persist: '%s' is not used: %s. Counters start anew", path, exc)
            found = {}
        self._restore(found)
        self._stopping = asyncio.Event()
        self._writing = asyncio.create_task(self._keep_writing(self._stopping))

    def _restore(self, found: dict[bytes, Entry]) -> None:
        now_s = self._wall()
        fresh = [(key, entry) for key, entry in found.items() if entry[1] > now_s]
        # With fewer keys than before, lasting ones stay; the sort leaves the others in their order.
        fresh.sort(key=lambda item: item[1][2])
        # What was used last is at the end; what this process has counted meanwhile is newer than the file.
        self._entries = OrderedDict([*fresh[-self._limit :], *self._entries.items()])

    async def _keep_writing(self, stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), _PERSIST_EVERY_S)
            await self.save()

    async def save(self) -> None:
        """Write the file now, if there is one and anything has changed; a failure is a warning."""
        path = self.config.persist
        if path is None or not self._is_changed:
            return
        self._is_changed = False
        entries = list(self._entries.items())  # entries are tuples: another thread may read them
        try:
            await asyncio.to_thread(write_snapshot, path, entries)
        except OSError as exc:
            self._is_changed = True
            if self._could_write:
                _log.warning("store.persist: cannot write '%s': %s. Counters will not survive a restart", path, exc)
            self._could_write = False
        else:
            self._could_write = True

    async def stop(self) -> None:
        """Write the file a last time."""
        writing, self._writing = self._writing, None
        if writing is not None:
            # Not cancelled: a thread that writes cannot be, and there must not be two.
            self._stopping.set()
            await writing
            await self.save()

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"<MemoryStore [{len(self._entries)} of {self._limit} keys]>"
