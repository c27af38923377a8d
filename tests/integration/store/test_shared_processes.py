"""The shared table under several processes, and under processes that die."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator

import pytest

from tests.integration.store.hammering import hammers, process, results
from vizgate.extension.store import StoreFailed
from vizgate.store.config import SharedStoreConfig
from vizgate.store.shared.store import SharedStore
from vizgate.testing.store_suite import CountUp

WORKERS = 4


@pytest.fixture
async def shared() -> AsyncIterator[SharedStore]:
    store = SharedStore(SharedStoreConfig(kind="shared", keys=1000))
    await store.start()
    yield store
    await store.stop()


def count_of(store: SharedStore, key: bytes) -> float:
    """What was counted so far; asking for none leaves it."""
    return store.run(CountUp(), key, (0.0,))[1]


async def test_processes_together_pass_exactly_the_budget(shared: SharedStore) -> None:
    """Four processes that all want more than there is get what there is: not one more, not one less."""
    fd = shared.fileno()
    with hammers(WORKERS, str(fd), "one", times=20_000, most=50_000, pass_fds=(fd,)) as processes:
        found = results(processes)
    assert 50_000 == sum(passed for passed, _ in found)
    assert 0 == sum(failed for _, failed in found)
    assert 50_000.0 == count_of(shared, b"one")


async def test_processes_never_lose_a_count(shared: SharedStore) -> None:
    """With more budget than they ask for, every single request of every process is in the count."""
    fd = shared.fileno()
    with hammers(WORKERS, str(fd), "all", times=10_000, most=1_000_000, pass_fds=(fd,)) as processes:
        assert [(10_000, 0)] * WORKERS == results(processes)
    assert 10_000.0 * WORKERS == count_of(shared, b"all")


async def test_processes_that_are_killed_leave_a_whole_table(shared: SharedStore) -> None:
    """Processes that are killed in the middle of counting hold up nobody and tear nothing."""
    fd = shared.fileno()
    with hammers(1, str(fd), "key", times=60_000, most=10_000_000, pass_fds=(fd,)) as steady:
        before = 0.0
        for _ in range(8):
            with hammers(1, str(fd), "key", times=100_000_000, most=10_000_000, pass_fds=(fd,)):
                seen = count_of(shared, b"key")
                while count_of(shared, b"key") < seen + 2000:
                    os.sched_yield()
            now = count_of(shared, b"key")
            assert before < now
            before = now
        assert [(60_000, 0)] == results(steady)
    count = count_of(shared, b"key")
    assert (1.0, count + 1) == shared.run(CountUp(), b"key", (1e9,))


_HOLDER = """
import sys
from vizgate.clock import SystemClock
from vizgate.store.shared.file import inherited_file
from vizgate.store.shared.layout import STRIPES
from vizgate.store.shared.locks import StripeLocks
file = inherited_file(int(sys.argv[1]))
locks = StripeLocks(file.fd, file.data, SystemClock())
for stripe in range(STRIPES):
    locks.acquire(stripe)
print("ready", flush=True)
sys.stdin.read()
"""


async def test_process_that_dies_holding_locks_lets_go_of_them(shared: SharedStore) -> None:
    """While a process that was stopped holds a lock, others fail soon; once it is dead, they go on."""
    fd = shared.fileno()
    with process("-c", _HOLDER, str(fd), pass_fds=(fd,)), pytest.raises(StoreFailed, match="another process keeps"):
        shared.run(CountUp(), b"key", (9.0,))
    assert (1.0, 1.0) == shared.run(CountUp(), b"key", (9.0,))
