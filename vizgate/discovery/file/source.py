"""``kind: file``: a list of targets in a file.

In: ``FileDiscovery``. Not in: what may stand there (``discovery.document``).
"""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from vizgate.discovery.document import Defaults, targets_of
from vizgate.discovery.file.config import FileDiscoveryConfig
from vizgate.discovery.file.text import parse
from vizgate.extension.contract import ComponentConfig, Context
from vizgate.extension.kinds.discovery import Discovered, DiscoveryFailed, PolledDiscovery
from vizgate.extension.values.regular_file import open_regular

#: What tells that a file is another one, or has been written: replaced by a rename it has another inode.
_Mark = tuple[int, int, int, int]


class FileDiscovery(PolledDiscovery):
    """Reads the file when it has changed; a file that cannot be used changes nothing.

    Looking costs a system call in a thread, on any file system, and with mounts that tell nobody of changes.
    """

    Config: ClassVar[type[ComponentConfig]] = FileDiscoveryConfig

    def __init__(self, config: FileDiscoveryConfig, context: Context | None = None) -> None:
        super().__init__(config, context)
        self._settings = config
        self._defaults = Defaults(config.scheme, config.port)
        self._mark: _Mark | None = None
        self._found: Discovered | None = None

    @property
    def label(self) -> str:
        """See ``Discovery.label``."""
        return f"file {self._settings.path}"

    async def look(self) -> Discovered:
        """See ``PolledDiscovery.look``."""
        return await asyncio.to_thread(self._look)

    def _look(self) -> Discovered:
        mark, data = self._read()
        if data is not None:
            document = parse(data, is_json=self._settings.path.suffix == ".json")
            targets = targets_of(document, self._defaults, self._settings.at)
            self._found, self._mark = Discovered(targets, self._settings.interval), mark
        assert self._found is not None
        return self._found

    def _read(self) -> tuple[_Mark, bytes | None]:
        """What the file is now, and its bytes unless it is what was read last."""
        limit = self._settings.limit
        try:
            if self._mark is not None and _mark_of(self._settings.path) == self._mark:
                return self._mark, None
            with open_regular(self._settings.path) as file:
                status = os.fstat(file.fileno())
                data = file.read(limit + 1)
        except OSError as exc:
            raise DiscoveryFailed(f"it cannot be read: {exc.strerror}") from None
        if len(data) > limit:
            raise DiscoveryFailed(f"it is over {limit} bytes")
        return (status.st_ino, status.st_dev, status.st_mtime_ns, status.st_size), data


def _mark_of(path: Path) -> _Mark:
    status = path.stat()
    return (status.st_ino, status.st_dev, status.st_mtime_ns, status.st_size)
