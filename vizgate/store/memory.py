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
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.store import NO_CELLS, Cells, Program, is_lasting
from vizgate.store.config import MemoryStoreConfig
from vizgate.store.snapshot import Entry, SnapshotFault, read_snapshot, write_snapshot

_log = logging.getLogger("vizgate.store")

_PERSIST_EVERY_S = 30.0
# A new key pays for two others: all are looked at before the table could fill up anew.
_SWEPT_PER_NEW_KEY = 2
_LOOKED_AT_WHEN_FULL = 8
# Once around the table, a lasting key is passed by; a table of nothing else must not cost more than this.
_LET_PASS = 100

# An entry as it is in a file, and where its key stands among those to be swept.
_Kept = tuple[Cells, float, bool, int]


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
        self._entries: OrderedDict[bytes, _Kept] = OrderedDict()
        # Every key once, in no order. A copy of all keys for each round would hold the loop up: 44 ms for 200 000.
        self._keys: list[bytes] = []
        self._swept_to = 0
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
                self._add(key, (cells, now_s + ttl_s, is_lasting(program)))
            else:
                entries.move_to_end(key)
                entries[key] = (cells, now_s + ttl_s, entry[2], entry[3])
            self._is_changed = True
        elif entry is not None:
            self._drop(key)
            self._is_changed = True
        return result

    def _add(self, key: bytes, entry: Entry) -> None:
        self._entries[key] = (*entry, len(self._keys))
        self._keys.append(key)

    def _drop(self, key: bytes) -> None:
        """Let go of *key*; the last one to be swept stands in its place then, so that nothing has to move up."""
        place = self._entries.pop(key)[3]
        last = self._keys.pop()
        if last != key:
            self._keys[place] = last
            cells, expires_s, lasts, _ = self._entries[last]
            self._entries[last] = (cells, expires_s, lasts, place)

    def _make_room(self, now_s: float) -> None:
        entries = self._entries
        self._sweep(now_s)
        if len(entries) < self._limit:
            return
        oldest = list(islice(entries.items(), _LOOKED_AT_WHEN_FULL))
        expired = next((key for key, entry in oldest if entry[1] <= now_s), None)
        if expired is not None:
            self._drop(expired)
            return
        self._let_lasting_pass()
        self._drop(next(iter(entries)))
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
        keys = self._keys
        for _ in range(min(_SWEPT_PER_NEW_KEY, len(keys))):
            # Downwards: new keys come behind, and so does whatever takes the place of one that leaves. None is missed.
            if not 0 < self._swept_to <= len(keys):
                self._swept_to = len(keys)
            self._swept_to -= 1
            key = keys[self._swept_to]
            if self._entries[key][1] <= now_s:
                self._drop(key)

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
        restored = dict([*fresh[-self._limit :], *((key, kept[:3]) for key, kept in self._entries.items())])
        self._entries, self._keys = OrderedDict(), []
        for key, entry in restored.items():
            self._add(key, entry)

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
            await asyncio.to_thread(write_snapshot, path, ((key, kept[:3]) for key, kept in entries))
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
