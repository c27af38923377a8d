"""Stores with a clock that a test sets."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from vizgate.extension.contract import Context
from vizgate.store.config import MemoryStoreConfig, SharedStoreConfig
from vizgate.store.memory import MemoryStore
from vizgate.store.shared.store import SharedStore
from vizgate.testing import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def context(clock: ManualClock) -> Context:
    return Context(clock=clock)


@pytest.fixture
def memory(context: Context) -> MemoryStore:
    """A store of one process with room for 1000 keys."""
    return MemoryStore(MemoryStoreConfig(kind="memory", keys=1000), context)


@pytest.fixture
async def shared(context: Context) -> AsyncIterator[SharedStore]:
    """A started store for a machine with room for about 1000 keys."""
    store = SharedStore(SharedStoreConfig(kind="shared", keys=1000), context)
    await store.start()
    yield store
    await store.stop()
