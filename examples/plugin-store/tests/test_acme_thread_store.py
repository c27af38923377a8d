"""The store alone, without a gateway."""

from __future__ import annotations

from pathlib import Path

from acme_thread_store import ThreadStore

from vizgate import Context, Step
from vizgate.extension.store import Cells
from vizgate.testing import check_store


async def test_store_meets_contract(tmp_path: Path) -> None:
    """Programs run as one step each, keys expire, and numbers come back as they were."""
    await check_store(ThreadStore(ThreadStore.Config(file=tmp_path / "counters"), Context()))


class CountUp:
    """A program that counts how often it was run."""

    name = "count_up"
    lua = "return {(cells[1] or 0) + 1}, 60, {(cells[1] or 0) + 1}"

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> Step:
        """See ``Program.run``."""
        count = (cells[0] if cells else 0.0) + 1
        return Step((count,), 60.0, (count,))


async def test_store_outlives_its_process(tmp_path: Path) -> None:
    """What was counted is found again by the next one."""
    for expected in (1.0, 2.0):
        store = ThreadStore(ThreadStore.Config(file=tmp_path / "counters"), Context())
        await store.start()
        assert (expected,) == await store.run(CountUp(), b"key", ())
        await store.stop()
