"""A store of one's own: counters in an SQLite file, which several processes may use.

In: ``SqliteStore``. A decision is one transaction, so no two processes can decide on the same numbers. It shows what a
store has to do; the ones that vizgate brings along are faster.
"""

from __future__ import annotations

import sqlite3
from struct import pack, unpack

from vizgate.extension.kinds.store_component import StoreComponent, StoreConfigBase
from vizgate.extension.store import Cells, Program, StoreFailed
from vizgate.extension.values.fields import NewFile


class SqliteStoreConfig(StoreConfigBase):
    """What stands beside ``kind:``."""

    file: NewFile


class SqliteStore(StoreComponent):
    """Numbers in a table: key, cells, time of expiry."""

    Config = SqliteStoreConfig
    is_local = True

    async def start(self) -> None:
        """Open the file."""
        self._database = sqlite3.connect(self.config.file, timeout=0.05, isolation_level=None)
        self._database.execute("PRAGMA journal_mode = WAL")
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("CREATE TABLE IF NOT EXISTS counters (key BLOB PRIMARY KEY, cells BLOB, expires_s REAL)")
        self._database.execute("DELETE FROM counters WHERE expires_s <= ?", (self.context.clock.wall(),))

    async def stop(self) -> None:
        """Close it."""
        self._database.close()

    def run(self, program: Program, key: bytes, arguments: Cells) -> Cells:
        """One step of *program*, in one transaction."""
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
