"""The rules of ``has_changed`` and ``FileWatch``: which changes of files are noticed."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from vizgate.gateway.reload.watching.file_watch import LOOK_EVERY_S, FileWatch, has_changed, marks_of
from vizgate.transport.certificates.mark import Mark

A, B = Path("/a"), Path("/b")


@pytest.mark.parametrize(
    ("seen", "changed"),
    [
        ({A: (1, 1, 1), B: (1, 1, 1)}, False),
        ({A: (2, 1, 1), B: (1, 1, 1)}, True),
        ({A: (1, 1, 1), B: (1, 1, 2)}, True),
        ({A: None, B: (1, 1, 1)}, False),
        ({A: (1, 1, 1)}, False),
    ],
    ids=["same", "changed", "replaced", "gone", "left out"],
)
def test_file_that_is_another_one_has_changed(seen: dict[Path, Mark], changed: bool) -> None:
    """One that is gone is waited for."""
    assert changed is has_changed({A: (1, 1, 1), B: (1, 1, 1)}, seen)


def test_file_that_was_missing_and_is_there_has_changed() -> None:
    """It was named when it could not be read."""
    assert has_changed({A: None}, {A: (1, 1, 1)})


class Folder:
    """A watch over one file, which is read when it has changed; *changes* counts that."""

    def __init__(self, file: Path) -> None:
        self.changes = 0
        self.file = file
        self.read = marks_of([file])
        self.watch = FileWatch(lambda: self.read, self._changed)

    async def _changed(self) -> None:
        self.changes += 1
        self.read = marks_of([self.file])


async def test_file_replaced_by_rename_is_noticed(tmp_path: Path) -> None:
    """As editors do it, whatever the new file's time and size."""
    file, draft = tmp_path / "vizgate.yaml", tmp_path / "draft"
    file.write_text("one")
    folder = Folder(file)
    await folder.watch.look()
    draft.write_text("two")
    status = file.stat()
    os.utime(draft, ns=(status.st_atime_ns, status.st_mtime_ns))
    draft.rename(file)
    await folder.watch.look()
    await folder.watch.look()
    assert 1 == folder.changes


async def test_symbolic_link_that_leads_elsewhere_is_noticed(tmp_path: Path) -> None:
    """As Kubernetes changes a ConfigMap: ``vizgate.yaml -> ..data/vizgate.yaml``, ``..data -> ..2026_1``."""
    for name in ("..2026_1", "..2026_2"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "vizgate.yaml").write_text(name)
    data, draft = tmp_path / "..data", tmp_path / "..data_tmp"
    data.symlink_to("..2026_1")
    file = tmp_path / "vizgate.yaml"
    file.symlink_to("..data/vizgate.yaml")
    folder = Folder(file)
    await folder.watch.look()
    draft.symlink_to("..2026_2")
    draft.rename(data)
    await folder.watch.look()
    assert 1 == folder.changes


async def test_watch_looks_once_a_second() -> None:
    """By the sleep it is given, until it is cancelled."""
    slept: list[float] = []
    enough = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 3:
            enough.set()
        await asyncio.sleep(0)

    async def changed() -> None:
        raise AssertionError("nothing has changed")

    running = asyncio.create_task(FileWatch(lambda: {A: None}, changed, sleep).run())
    await enough.wait()
    running.cancel()
    assert [LOOK_EVERY_S] * 3 == slept[:3]
