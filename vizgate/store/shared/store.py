"""The store that all workers of a machine share.

In: ``SharedStore``. Not in: the table, its file and its locks (the modules beside this).
"""

from __future__ import annotations

import asyncio
from hashlib import blake2b

from vizgate.extension.contract import Context
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.store.config import SharedStoreConfig
from vizgate.store.shared.file import TableFile, inherited_file, named_file, new_file
from vizgate.store.shared.layout import DIGEST_BYTES, STRIPES, bucket_start
from vizgate.store.shared.locks import StripeLocks
from vizgate.store.shared.table import Table

# Keys that come often are not hashed each time.
_MAX_KNOWN = 4096


class SharedStore(StoreComponent):
    """Numbers in a table that other processes change, too; each process has a store object of its own.

    Args: inherited_fd: a table that another process handed down; see ``fileno``. Without it, ``start`` opens the file
    that *config* names, or makes one without a name.
    """

    Config = SharedStoreConfig
    is_local = True

    def __init__(
        self,
        config: SharedStoreConfig | None = None,
        context: Context | None = None,
        *,
        inherited_fd: int | None = None,
    ) -> None:
        super().__init__(config or SharedStoreConfig(kind="shared"), context)
        self._inherited_fd = inherited_fd
        self._wall = self.context.clock.wall
        counters = self.context.metrics.counters("store_evictions", "Keys that left the store before they expired.")
        self._evictions = counters.of()
        self._file: TableFile | None = None
        self._table: Table | None = None
        self._locks: StripeLocks | None = None
        # By key: its lock, where its bucket starts, its digest.
        self._known: dict[bytes, tuple[int, int, bytes]] = {}

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        """See ``Store.run``.

        Raises: StoreFailed: it has not started, or another process that was stopped holds the part with *key*.
        """
        table, locks = self._table, self._locks
        if table is None or locks is None:
            raise StoreFailed("the shared store has not been started")
        stripe, start, digest = self._known.get(key) or self._locate(key)
        locks.acquire(stripe)
        try:
            # The time is read inside the lock, so that it does not go back for a key from one process to the next.
            return table.step(start, digest, program, self._wall(), arguments)
        finally:
            locks.release(stripe)

    def _locate(self, key: bytes) -> tuple[int, int, bytes]:
        assert self._file is not None
        header = self._file.header
        digest = blake2b(key, digest_size=DIGEST_BYTES, key=header.seed).digest()
        bucket = int.from_bytes(digest[:8], "little") % header.buckets
        found = (bucket % STRIPES, bucket_start(bucket), digest)
        if len(self._known) >= _MAX_KNOWN:
            self._known.clear()
        self._known[key] = found
        return found

    def fileno(self) -> int:
        """What a child process needs as ``inherited_fd``; it must be passed on explicitly (``pass_fds``).

        Raises: StoreFailed: there is none before ``start``.
        """
        if self._file is None:
            raise StoreFailed("the shared store has not been started")
        return self._file.fd

    async def start(self) -> None:
        """Open the table. Raises: StoreFailed: it cannot be had."""
        # In a thread: making a table writes all of it.
        self._file = await asyncio.to_thread(self._open)
        self._known.clear()  # a table of its own seed
        self._locks = StripeLocks(self._file.fd, self._file.data, self.context.clock)
        self._table = Table(self._file.data, self._evictions)

    def _open(self) -> TableFile:
        if self._inherited_fd is not None:
            return inherited_file(self._inherited_fd)
        if self.config.path is not None:
            return named_file(self.config.path, self.config.keys)
        return new_file(self.config.keys)

    async def stop(self) -> None:
        """Close the table; what it holds stays with the others, or in its file."""
        file, self._file = self._file, None
        self._table = self._locks = None
        if file is not None:
            file.close()

    def __repr__(self) -> str:
        state = "stopped" if self._file is None else f"{self._file.header.buckets} buckets"
        return f"<SharedStore [{state}]>"
