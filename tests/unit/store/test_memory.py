"""The store of one process."""

from __future__ import annotations

import logging
from collections import OrderedDict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.extension.contract import Context
from vizgate.extension.store import NO_CELLS, Cells
from vizgate.store.config import MemoryStoreConfig
from vizgate.store.memory import MemoryStore
from vizgate.testing import ManualClock, check_store
from vizgate.testing.store_suite import CountUp, Remember

REMEMBER = Remember()


def keep(store: MemoryStore, name: str, ttl_s: float = 60.0) -> None:
    store.run(REMEMBER, name.encode(), (ttl_s, 1.0))


def is_kept(store: MemoryStore, name: str) -> bool:
    return store._entries.get(name.encode()) is not None


async def test_memory_store_meets_the_contract(memory: MemoryStore, clock: ManualClock) -> None:
    """It does what every store must do."""

    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    await check_store(memory, wait=wait)


def test_memory_full_the_key_idle_for_longest_leaves(memory: MemoryStore) -> None:
    """A key that is used stays, however old it is."""
    for number in range(1000):
        keep(memory, f"key {number}")
    keep(memory, "key 0")
    keep(memory, "one more")
    assert (True, False, True) == tuple(is_kept(memory, name) for name in ("key 0", "key 1", "one more"))
    assert 1000 == len(memory)


def test_memory_full_expired_keys_leave_first(memory: MemoryStore, clock: ManualClock) -> None:
    """A key that still means something stays while there is one that does not, among those idle for longest."""
    keep(memory, "quota", ttl_s=86_400.0)
    for number in range(999):
        keep(memory, f"key {number}", ttl_s=1.0)
    clock.advance(2.0)
    for number in range(900):
        keep(memory, f"new {number}", ttl_s=1.0)
    assert is_kept(memory, "quota")
    assert 0 == memory._evictions.value


def test_memory_expired_keys_leave_although_there_is_room(memory: MemoryStore, clock: ManualClock) -> None:
    """New keys pay for looking at the others, so that what means nothing does not stay for ever."""
    for number in range(400):
        keep(memory, f"key {number}", ttl_s=1.0)
    clock.advance(2.0)
    for number in range(400):
        keep(memory, f"new {number}")
    assert 400 >= sum(is_kept(memory, f"key {number}") for number in range(400))
    assert 620 >= len(memory)


def test_memory_a_million_keys_do_not_grow_it(memory: MemoryStore) -> None:
    """However many different keys come, it holds as many as it may, and nothing beside them grows."""
    for number in range(1_000_000):
        memory.run(REMEMBER, b"%d" % number, (60.0, 1.0))
    assert 1000 == len(memory)
    assert sorted(memory._entries) == sorted(memory._keys)
    assert 999_000 == memory._evictions.value


class Counted(OrderedDict):
    """A table that counts how many of its keys are looked through."""

    looked_through = 0

    def __iter__(self):
        for key in super().__iter__():
            self.looked_through += 1
            yield key


def test_memory_never_goes_through_all_keys_at_once(memory: MemoryStore) -> None:
    """However many keys there are, a call looks at a few: nobody waits for a round through the table to begin."""
    entries = memory._entries = Counted()
    for number in range(5000):
        before = entries.looked_through
        keep(memory, f"key {number}")
        assert 8 >= entries.looked_through - before


def test_memory_a_question_about_an_unknown_key_keeps_nothing(memory: MemoryStore) -> None:
    """A program that keeps no cells makes no entry."""
    memory.run(REMEMBER, b"unknown", (60.0,))
    assert 0 == len(memory)


@settings(max_examples=200, deadline=None)
@given(
    operations=st.lists(
        st.tuples(
            st.sampled_from([b"a", b"b", b"c"]),
            st.floats(min_value=-1, max_value=100),
            st.lists(st.floats(allow_nan=False), max_size=4),
            st.floats(min_value=0, max_value=50),
        ),
        max_size=30,
    )
)
def test_memory_is_a_dict_with_expiry(operations: list[tuple[bytes, float, list[float], float]]) -> None:
    """Any sequence of steps and waits gives what a dict with times of expiry gives."""
    clock = ManualClock()
    store = MemoryStore(context=Context(clock=clock))
    model: dict[bytes, tuple[Cells, float]] = {}
    for key, ttl_s, cells, pause_s in operations:
        kept, expires_s = model.get(key, (NO_CELLS, 0.0))
        expected = kept if expires_s > clock.wall() else NO_CELLS
        assert expected == store.run(REMEMBER, key, (ttl_s, *cells))
        model[key] = (tuple(cells), clock.wall() + ttl_s) if ttl_s > 0 else (NO_CELLS, 0.0)
        assert {key: place for place, key in enumerate(store._keys)} == {
            key: kept[3] for key, kept in store._entries.items()
        }
        clock.advance(pause_s)


# persist


def kept_in(path: Path, context: Context) -> MemoryStore:
    return MemoryStore(MemoryStoreConfig(kind="memory", persist=path), context)


class Mark(Remember):
    name = "mark"
    is_lasting = True


def test_memory_lasting_keys_outlast_a_flood(memory: MemoryStore, clock: ManualClock) -> None:
    """Whoever makes up keys of limits pushes out such keys, and no revoked token comes back to life by it."""
    for number in range(50):
        memory.run(Mark(), b"revoked %d" % number, (86_400.0, 1.0))
    for number in range(20_000):
        keep(memory, f"flood {number}", ttl_s=86_400.0)
    assert 50 == sum(is_kept(memory, f"revoked {number}") for number in range(50))
    assert 1000 == len(memory)


def test_memory_of_lasting_keys_alone_is_bounded_too(memory: MemoryStore) -> None:
    """Where everything should last, the oldest leaves none the less."""
    for number in range(5000):
        memory.run(Mark(), b"revoked %d" % number, (86_400.0, 1.0))
    assert 1000 == len(memory)
    assert is_kept(memory, "revoked 4999")


async def test_memory_lasting_keys_last_over_a_restart(tmp_path: Path, context: Context) -> None:
    """A file with more keys than there is room for gives the lasting ones first, and they go on to last."""
    store = kept_in(tmp_path / "counters", context)
    await store.start()
    store.run(Mark(), b"revoked", (86_400.0, 1.0))
    for number in range(3000):
        keep(store, f"key {number}", ttl_s=86_400.0)
    await store.stop()
    small = MemoryStore(MemoryStoreConfig(kind="memory", keys=1000, persist=tmp_path / "counters"), context)
    await small.start()
    for number in range(3000):
        keep(small, f"flood {number}", ttl_s=86_400.0)
    assert is_kept(small, "revoked")
    await small.stop()


async def test_memory_persist_counts_on_after_a_restart(tmp_path: Path, context: Context, clock: ManualClock) -> None:
    """A quota that was used up before a restart is used up after it; what has expired meanwhile is gone."""
    store = kept_in(tmp_path / "counters", context)
    await store.start()
    store.run(CountUp(), b"quota", (1.0,))
    store.run(REMEMBER, b"short", (1.0, 5.0))
    await store.stop()
    clock.advance(2.0)

    again = kept_in(tmp_path / "counters", context)
    await again.start()
    assert (0.0, 1.0) == again.run(CountUp(), b"quota", (1.0,))
    assert 1 == len(again)
    await again.stop()


@pytest.mark.parametrize("content", [b"", b"something else", b"vizgate store 1\n\0\0\0\0"])
async def test_memory_persist_broken_file_is_a_warning(
    tmp_path: Path, context: Context, caplog: pytest.LogCaptureFixture, content: bytes
) -> None:
    """A file that is damaged, or something else, is named in the log; counters start anew, and so does the file."""
    path = tmp_path / "counters"
    path.write_bytes(content)
    store = kept_in(path, context)
    with caplog.at_level(logging.WARNING):
        await store.start()
    assert str(path) in caplog.text
    keep(store, "new")
    await store.stop()
    again = kept_in(path, context)
    await again.start()
    assert is_kept(again, "new")
    await again.stop()


async def test_memory_persist_without_folder_warns_once(
    tmp_path: Path, context: Context, caplog: pytest.LogCaptureFixture
) -> None:
    """A file that cannot be written is told of once, and the store goes on counting."""
    store = kept_in(tmp_path / "missing" / "counters", context)
    await store.start()
    for turn in range(3):
        keep(store, f"key {turn}")
        await store.save()
    assert 1 == caplog.text.count("cannot write")
    assert 3 == len(store)
    await store.stop()


async def test_memory_persist_unchanged_writes_nothing(tmp_path: Path, context: Context) -> None:
    """A gateway at rest does not write the same file again and again."""
    store = kept_in(tmp_path / "counters", context)
    await store.start()
    keep(store, "key")
    await store.save()
    (tmp_path / "counters").unlink()
    await store.save()
    assert not (tmp_path / "counters").exists()
    await store.stop()


async def test_memory_persist_keeps_no_more_than_it_may(tmp_path: Path, context: Context) -> None:
    """A file with more keys than there is room for gives those that were used last."""
    store = kept_in(tmp_path / "counters", context)
    await store.start()
    for number in range(3000):
        keep(store, f"key {number}")
    await store.stop()
    config = MemoryStoreConfig(kind="memory", keys=1000, persist=tmp_path / "counters")
    small = MemoryStore(config, context)
    await small.start()
    assert 1000 == len(small)
    assert is_kept(small, "key 2999")
    await small.stop()
