"""Looking at files for changes.

In: ``has_changed``, the rule, and ``FileWatch``, which applies it once a second. Not in: what follows a change
(``gateway.reload.reloader``).

A look costs one system call a file, works on every file system, and sees through symbolic links: an editor that writes
a new file and renames it, and a Kubernetes ConfigMap whose link leads elsewhere, both change what ``stat`` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path

from vizgate.transport.certificates.mark import Mark, mark_of

#: How often files are looked at, in seconds.
LOOK_EVERY_S = 1.0

#: What files were like.
Marks = Mapping[Path, Mark]


def has_changed(read: Marks, seen: Marks) -> bool:
    """Whether any file of *seen* is another one than when it was *read*.

    One that is gone is waited for: somebody is writing it anew.
    """
    return any(mark is not None and mark != read.get(path) for path, mark in seen.items())


class FileWatch:
    """Calls *changed* when a file is another one than *read* says: what files were like when they were last read,
    whoever has done that and whether they could be used.

    Args: sleep: waits so many seconds.
    """

    def __init__(
        self,
        read: Callable[[], Marks],
        changed: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._read = read
        self._changed = changed
        self._sleep = sleep

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await self._sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Look once."""
        read = self._read()
        # In a thread: a file may lie on a file system that hangs.
        if has_changed(read, await asyncio.to_thread(marks_of, read)):
            await self._changed()

    def __repr__(self) -> str:
        return f"<FileWatch [{len(self._read())} files]>"


def marks_of(files: Iterable[Path]) -> Marks:
    """What *files* are like now."""
    return {path: mark_of(str(path)) for path in files}
