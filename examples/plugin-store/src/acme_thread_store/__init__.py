"""A vizgate plugin: ``store: {kind: acme_sqlite, file: ...}`` keeps counters in SQLite, written by one thread.

A store that needs I/O gives awaitables (``is_local = False``): the event loop goes on while the disk is written to. One
thread is enough, because SQLite has one writer; and what one thread does, it does in order.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from struct import pack, unpack

from vizgate import Program, StoreComponent, StoreConfigBase, StoreFailed
from vizgate.extension.store import Cells
from vizgate.extension.values.fields import NewFile


class ThreadStore(StoreComponent):
    """Numbers in a table: key, cells, time of expiry."""

    class Config(StoreConfigBase):
        """``file``: where they are; several processes may use it."""

        file: NewFile

    config: Config
    is_local = False
    contract_version = 1
    _thread: ThreadPoolExecutor | None = None

    async def start(self) -> None:
        """Open the file, in the thread that will use it."""
        self._thread = ThreadPoolExecutor(1, "acme-sqlite")
        await asyncio.get_running_loop().run_in_executor(self._thread, self._open)

    async def stop(self) -> None:
        """Close it; may be called without ``start``."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            await asyncio.get_running_loop().run_in_executor(thread, self._database.close)
            thread.shutdown(wait=False)

    def run(self, program: Program, key: bytes, arguments: Cells) -> Awaitable[Cells]:
        """One step of *program*, in one transaction."""
        return asyncio.get_running_loop().run_in_executor(self._thread, self._run, program, key, arguments)

    def _open(self) -> None:
        self._database = sqlite3.connect(self.config.file, timeout=0.5, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS counters (key BLOB PRIMARY KEY, cells BLOB, expires_s REAL)")
        self._database.execute("DELETE FROM counters WHERE expires_s <= ?", (self.context.clock.wall(),))

    def _run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        try:
            with self._database:
                self._database.execute("BEGIN IMMEDIATE")
                return self._step(program, key, arguments)
        except sqlite3.Error as exc:
            raise StoreFailed(f"SQLite: {exc}") from exc

    def _step(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        now_s = self.context.clock.wall()
        query = "SELECT cells FROM counters WHERE key = ? AND expires_s > ?"
        row = self._database.execute(query, (key, now_s)).fetchone()
        seen = () if row is None else unpack(f"{len(row[0]) // 8}d", row[0])
        cells, ttl_s, result = program.run(seen, now_s, arguments)
        if cells and ttl_s > 0:
            values = (key, pack(f"{len(cells)}d", *cells), now_s + ttl_s)
            self._database.execute("INSERT OR REPLACE INTO counters VALUES (?, ?, ?)", values)
        else:
            self._database.execute("DELETE FROM counters WHERE key = ?", (key,))
        return result
