"""What is done about API keys beside the traffic: a file that has changed is read again, old keys are told of.

In: ``Upkeep``, one step of which is ``look_after``. Not in: the table (``auth.api_key.table``), the format of the file
(``config.keys_file``).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

from vizgate.auth.api_key.age import DAY_S, old_keys
from vizgate.auth.api_key.config import ApiKeyConfig, KeyConfig
from vizgate.auth.api_key.table import ApiKeyTable
from vizgate.extension.contract import Context

_log = logging.getLogger("vizgate.auth")

#: Reads the keys of a file. Raises: ValueError: it cannot be used; the message has every problem and no key.
ReadKeys = Callable[[Path], Sequence[KeyConfig]]

#: What tells a file from what it was: modification time in ns, size, inode.
_State = tuple[int, int, int]


class Upkeep:
    """Keeps ``table`` as the configuration and its file say.

    Args: read: how the file of keys is read.
    """

    def __init__(self, config: ApiKeyConfig, context: Context, read: ReadKeys) -> None:
        self._config = config
        self._name = context.name
        self._clock = context.clock
        self._read = read
        self._pepper = b"" if config.pepper is None else config.pepper.reveal().encode()
        self._seen: _State | None = None
        self._warned_s = float("-inf")
        metrics = context.metrics
        reloads = metrics.counters("auth_key_files", "Readings of changed key files.", ("authenticator", "outcome"))
        self._ok, self._failed = reloads.of(self._name, "ok"), reloads.of(self._name, "failed")
        self._old = metrics.counters(
            "auth_old_keys", "Once a day for every API key that is older than it should be.", ("authenticator", "key")
        )
        self.table = ApiKeyTable(config.keys, self._pepper, self._name)

    async def begin(self) -> None:
        """Read the file for the first time. Raises: ValueError: it cannot be used."""
        if self._config.keys_file is not None:
            self._seen = await asyncio.to_thread(_state_of, self._config.keys_file)
            self.table = await asyncio.to_thread(self._load, self._config.keys_file)
        self._tell_of_keys()

    async def look_after(self) -> None:
        """Read the file again if it has changed; one that is broken changes nothing and is told of."""
        path = self._config.keys_file
        if path is not None:
            state = await asyncio.to_thread(_state_of, path)
            if state != self._seen:
                self._seen = state
                await self._reload(path)
        self._tell_of_keys()

    async def _reload(self, path: Path) -> None:
        try:
            self.table = await asyncio.to_thread(self._load, path)
        except Exception as error:  # noqa: BLE001  # whatever it is, the keys that are known go on working
            self._failed.value += 1
            _log.error(
                "authenticator %s keeps its keys, %s cannot be used: %s", self._name, path, error
            )  # the message says it all
        else:
            self._ok.value += 1
            self._warned_s = float("-inf")
            _log.info("authenticator %s has read %s: %d keys", self._name, path, len(self.table))

    def _load(self, path: Path) -> ApiKeyTable:
        return ApiKeyTable([*self._config.keys, *self._read(path)], self._pepper, self._name)

    def _tell_of_keys(self) -> None:
        now_s = self._clock.wall()
        if now_s - self._warned_s < DAY_S:
            return
        self._warned_s = now_s
        for entry in self.table.keys:
            if entry.is_abbreviated:
                _log.warning("API key %s of %s lets nobody in: its hash is cut short", entry.id, self._name)
        for key in old_keys(self.table.keys, self._config.max_age, now_s):
            self._old.of(self._name, key.id).value += 1
            _log.warning("API key %s of %s is %d days old. Replace it", key.id, self._name, key.days)


def _state_of(path: Path) -> _State | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
