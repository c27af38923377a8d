"""Looking at files for changes.

In: ``Marks``, the rule, and ``FileWatch``, which applies it once a second. Not in: what follows a change
(``gateway.reload.reloader``).

A look costs one system call a file, works on every file system, and sees through symbolic links: an editor that writes
a new file and renames it, and a Kubernetes ConfigMap whose link leads elsewhere, both change what ``stat`` says.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from pathlib import Path

from vizgate.transport.certificates.mark import Mark, mark_of

#: How often files are looked at, in seconds.
LOOK_EVERY_S = 1.0


class Marks:
    """What files were like when they were last looked at."""

    def __init__(self) -> None:
        self._known: dict[Path, Mark] = {}

    def take(self, seen: Mapping[Path, Mark]) -> bool:
        """Whether a file has changed by *seen*, which is remembered.

        One that is looked at for the first time has not. One that is gone is waited for: somebody is writing it anew.
        """
        before, now = self._known, dict(seen)
        for path, mark in seen.items():
            if mark is None:
                now[path] = before.get(path)
        self._known = now
        return any(path in before and now[path] != before[path] for path in now)

    def __repr__(self) -> str:
        return f"<Marks [{len(self._known)} files]>"


class FileWatch:
    """Calls *changed* after a change of one of *files*, which are asked for at every look: they may be others then.

    Args: sleep: waits so many seconds.
    """

    def __init__(
        self,
        files: Callable[[], Collection[Path]],
        changed: Callable[[], Awaitable[None]],
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._files = files
        self._changed = changed
        self._sleep = sleep
        self._marks = Marks()

    async def run(self) -> None:
        """Look until cancelled."""
        await self.look()
        while True:
            await self._sleep(LOOK_EVERY_S)
            await self.look()

    async def look(self) -> None:
        """Look once."""
        # In a thread: a file may lie on a file system that hangs.
        if self._marks.take(await asyncio.to_thread(_marks_of, self._files())):
            await self._changed()

    def __repr__(self) -> str:
        return f"<FileWatch {self._marks!r}>"


def _marks_of(files: Collection[Path]) -> dict[Path, Mark]:
    return {path: mark_of(str(path)) for path in files}
