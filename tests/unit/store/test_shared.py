"""The table that all workers of a machine share, seen from one of them."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.extension.contract import Context
from vizgate.extension.store import MAX_CELLS, NO_CELLS, Cells, Program, StoreFailed
from vizgate.observe.metrics import Counter
from vizgate.store.config import SharedStoreConfig
from vizgate.store.shared.layout import BUCKET_BYTES, EMPTY_BUCKET, HEADER_BYTES, SLOTS, Header, bucket_start
from vizgate.store.shared.store import SharedStore
from vizgate.store.shared.table import Table
from vizgate.testing import ManualClock, check_store
from vizgate.testing.store_suite import CountUp, Remember

REMEMBER = Remember()


async def test_shared_store_meets_the_contract(context: Context, clock: ManualClock) -> None:
    """It does what every store must do."""

    async def wait(seconds: float) -> None:
        clock.advance(seconds)

    await check_store(SharedStore(SharedStoreConfig(kind="shared", keys=1000), context), wait=wait)


async def test_shared_before_start_fails(context: Context) -> None:
    """A store that was not started, or has stopped, fails as one that is away."""
    store = SharedStore(None, context)
    with pytest.raises(StoreFailed):
        store.run(REMEMBER, b"key", ())
    with pytest.raises(StoreFailed):
        store.fileno()


async def test_shared_holds_as_many_keys_as_it_says(shared: SharedStore) -> None:
    """With as many keys as it was made for, about one in a hundred has had to leave."""
    for number in range(1000):
        shared.run(REMEMBER, b"%d" % number, (60.0, float(number)))
    kept = sum(shared.run(REMEMBER, b"%d" % number, (60.0, float(number))) != NO_CELLS for number in range(1000))
    assert 970 < kept <= 1000


async def test_shared_a_flood_of_keys_does_not_grow_it(shared: SharedStore) -> None:
    """However many different keys come, the table stays as large as it is, and nothing beside it grows."""
    before = len(shared._file.data)
    for number in range(100_000):
        shared.run(REMEMBER, b"%d" % number, (60.0, 1.0))
    assert before == len(shared._file.data)
    assert 4096 >= len(shared._known)
    assert shared._evictions.value > 90_000


async def test_shared_a_key_in_use_stays(shared: SharedStore, clock: ManualClock) -> None:
    """A key that is used all the time keeps its count while a flood of others passes: each pushes out one at rest."""
    for number in range(20_000):
        clock.advance(0.0001)
        shared.run(REMEMBER, b"flood %d" % number, (60.0, 1.0))
        count = shared.run(CountUp(), b"in use", (1e9,))[1]
    assert 20_000.0 == count


class Mark(Remember):
    name = "mark"
    is_lasting = True


async def test_shared_lasting_keys_outlast_a_flood(shared: SharedStore, clock: ManualClock) -> None:
    """Whoever makes up keys of limits pushes out such keys, and no revoked token comes back to life by it."""
    for number in range(50):
        shared.run(Mark(), b"revoked %d" % number, (86_400.0, 1.0))
    for number in range(30_000):
        clock.advance(0.001)
        shared.run(REMEMBER, b"flood %d" % number, (86_400.0, 1.0))
    kept = [shared.run(Mark(), b"revoked %d" % number, (86_400.0, 2.0)) for number in range(50)]
    assert [(1.0,)] * 50 == kept


async def test_shared_seeds_differ(context: Context) -> None:
    """Where a key goes cannot be foretold, so nobody can choose keys that push out another's."""
    places = set()
    for _ in range(4):
        store = SharedStore(SharedStoreConfig(kind="shared", keys=100_000), context)
        await store.start()
        places.add(store._locate(b"key"))
        await store.stop()
    assert 4 == len(places)


# the file


def named(path: Path, context: Context, keys: int = 1000) -> SharedStore:
    return SharedStore(SharedStoreConfig(kind="shared", keys=keys, path=path), context)


def names_in(folder: Path) -> list[str]:
    return [found.name for found in folder.iterdir()]


async def test_shared_path_counts_on_after_a_restart(tmp_path: Path, context: Context) -> None:
    """What was counted before a restart is counted after it, and only the owner may read the file."""
    store = named(tmp_path / "table", context)
    await store.start()
    store.run(CountUp(), b"quota", (1.0,))
    await store.stop()
    assert 0o600 == (tmp_path / "table").stat().st_mode & 0o777

    again = named(tmp_path / "table", context)
    await again.start()
    assert (0.0, 1.0) == again.run(CountUp(), b"quota", (1.0,))
    await again.stop()
    assert ["table"] == names_in(tmp_path)  # no draft is left


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"something of somebody else's",
        bytes(HEADER_BYTES + BUCKET_BYTES),
        Header(2, b"s" * 16).encode() + EMPTY_BUCKET,
        Header(2, b"s" * 16).encode().replace(b"table 1", b"table 2") + EMPTY_BUCKET * 2,
    ],
    ids=["empty", "foreign", "zeros", "cut", "other version"],
)
async def test_shared_foreign_file_is_refused_and_left_alone(tmp_path: Path, context: Context, content: bytes) -> None:
    """A file that is no table of this version is not written to; the error names it and says what to do."""
    path = tmp_path / "table"
    path.write_bytes(content)
    with pytest.raises(StoreFailed, match=r"store\.path: '.*table' is .*[Rr]emove it"):
        await named(path, context).start()
    assert content == path.read_bytes()


async def test_shared_file_for_another_number_of_keys_is_refused(tmp_path: Path, context: Context) -> None:
    """A table cannot grow; whoever asks for another size is told, and does not lose what was counted."""
    store = named(tmp_path / "table", context)
    await store.start()
    await store.stop()
    with pytest.raises(StoreFailed, match="another number of keys"):
        await named(tmp_path / "table", context, keys=2000).start()


async def test_shared_file_that_others_may_write_is_refused(tmp_path: Path, context: Context) -> None:
    """Somebody who could write to it could change counters, or make the file shorter and so end the gateway."""
    store = named(tmp_path / "table", context)
    await store.start()
    await store.stop()
    (tmp_path / "table").chmod(0o620)
    with pytest.raises(StoreFailed, match="can be written by other users"):
        await named(tmp_path / "table", context).start()


async def test_shared_draft_of_somebody_else_is_not_written_to(tmp_path: Path, context: Context) -> None:
    """A link that waits where the table is going to be made leads nowhere."""
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / f"table.{os.getpid()}.part").symlink_to(tmp_path / "victim")
    store = named(tmp_path / "table", context)
    await store.start()
    await store.stop()
    assert b"precious" == (tmp_path / "victim").read_bytes()


@pytest.mark.parametrize("name", [".", "missing/table"])
async def test_shared_path_that_cannot_be_used_is_named(tmp_path: Path, context: Context, name: str) -> None:
    """A folder, or a file in one that is not there: the error names it."""
    with pytest.raises(StoreFailed, match=r"store\.path: '.*' cannot be used: "):
        await named(tmp_path / name, context).start()


async def test_shared_inherited_table_is_the_same_one(shared: SharedStore, context: Context) -> None:
    """Two stores on one table count together, also within one process."""
    other = SharedStore(None, context, inherited_fd=shared.fileno())
    await other.start()
    assert [1.0, 2.0, 3.0] == [store.run(CountUp(), b"key", (9.0,))[1] for store in (shared, other, shared)]
    await other.stop()
    assert (1.0, 4.0) == shared.run(CountUp(), b"key", (9.0,))


async def test_shared_locked_part_fails_soon_and_others_go_on(shared: SharedStore, context: Context) -> None:
    """A holder that was stopped makes keys of its part fail: once after a short wait, then at once."""
    other = SharedStore(None, Context(), inherited_fd=shared.fileno())
    await other.start()
    stripe = other._locate(b"key")[0]
    free = next(name for number in range(100) if other._locate(name := b"%d" % number)[0] != stripe)
    shared._locks.acquire(stripe)
    for _ in range(2):
        with pytest.raises(StoreFailed, match="locked"):
            other.run(CountUp(), b"key", (9.0,))
    assert (1.0, 1.0) == other.run(CountUp(), free, (9.0,))
    shared._locks.release(stripe)
    assert (1.0, 1.0) == other.run(CountUp(), b"key", (9.0,))
    await other.stop()


# the table


class Dies(Exception):
    """The process ends here."""


class DyingMemory(bytearray):
    """Memory of a process that dies before its *lives*-th write; the bytes are as it left them."""

    lives = 1_000_000

    def __setitem__(self, where, value):
        self.lives -= 1
        if self.lives < 0:
            raise Dies
        super().__setitem__(where, value)


def table_of(buckets: int = 1) -> DyingMemory:
    return DyingMemory(Header(buckets, b"s" * 16).encode() + EMPTY_BUCKET * buckets)


def digest(number: int) -> bytes:
    return number.to_bytes(16, "little")


def steps(data: bytearray, program: Program = REMEMBER):
    table = Table(data, Counter())
    return lambda number, now_s, *arguments: table.step(HEADER_BYTES, digest(number), program, now_s, arguments)


@pytest.mark.parametrize("lives", range(8))
@pytest.mark.parametrize("number", [3, 99], ids=["known key", "new key"])
@pytest.mark.parametrize("full", [False, True], ids=["with room", "full"])
def test_table_death_half_way_leaves_whole_records(lives: int, number: int, full: bool) -> None:
    """A process that dies before any write of a step leaves each key with what it had, or with what it was given."""
    data = table_of()
    step = steps(data)
    keys = range(1, SLOTS + 1 if full else 9)
    for key in keys:
        step(key, 100.0 + key, 60.0, float(key), float(-key))
    data.lives = lives
    with contextlib.suppress(Dies):
        step(number, 130.0, 60.0, 77.0, -77.0)
    data.lives = 1_000_000

    after = steps(bytearray(data))
    kept = {key: after(key, 131.0, 60.0) for key in (*keys, 99)}
    allowed = {key: [(float(key), float(-key))] for key in keys} | {99: [NO_CELLS]}
    allowed[number].append((77.0, -77.0))
    if full and number == 99:
        allowed[1].append(NO_CELLS)  # the one that had to leave
    assert {key: cells for key, cells in kept.items() if cells not in allowed[key]} == {}


@pytest.mark.parametrize("lives", range(8))
def test_table_after_a_death_goes_on(lives: int) -> None:
    """Whatever a process that died has left, the next one counts on, and no two keys share a record."""
    data = table_of()
    step = steps(data)
    for key in range(1, 9):
        step(key, 100.0, 1000.0, float(key))
    data.lives = lives
    with contextlib.suppress(Dies):
        step(5, 101.0, 1000.0, 5.0)
        step(50, 101.0, 1000.0, 50.0)
    data.lives = 1_000_000
    for turn in range(20):
        for key in range(1, 9):
            assert (float(key),) == step(key, 102.0 + turn, 1000.0, float(key))


def test_table_index_without_sense_starts_the_bucket_anew() -> None:
    """A bucket that was damaged from outside is emptied, and works from then on."""
    data = table_of()
    step = steps(data)
    step(1, 100.0, 60.0, 1.0)
    data[HEADER_BYTES + 256 : HEADER_BYTES + 256 + 17] = b"\xff" * 17
    assert NO_CELLS == step(1, 101.0, 60.0, 2.0)
    step(2, 101.0, 60.0, 3.0)
    step(1, 102.0, 60.0, 2.0)
    assert [(2.0,), (3.0,)] == [step(1, 103.0, 60.0), step(2, 103.0, 60.0)]


def test_table_digest_whose_record_is_another_keys_is_unknown() -> None:
    """After a power failure a digest may stand there without its record: nobody gets the count of another."""
    data = table_of()
    step = steps(data)
    step(1, 100.0, 60.0, 1.0)
    data[HEADER_BYTES : HEADER_BYTES + 16] = digest(2 << 72)
    table = Table(data, Counter())
    assert NO_CELLS == table.step(HEADER_BYTES, digest(2 << 72), REMEMBER, 101.0, (60.0, 5.0))


def test_table_digest_across_two_others_is_not_found() -> None:
    """A digest is looked for where digests begin, not somewhere between them."""
    data = table_of()
    table = Table(data, Counter())
    one, two = b"\x01" * 8 + b"\x02" * 8, b"\x03" * 8 + b"\x04" * 8
    for key in (one, two):
        table.step(HEADER_BYTES, key, REMEMBER, 100.0, (60.0, 1.0))
    assert NO_CELLS == table.step(HEADER_BYTES, one[8:] + two[:8], REMEMBER, 101.0, (60.0,))


def test_table_full_expired_key_leaves_before_the_one_at_rest() -> None:
    """When a bucket is full, what means nothing leaves, however recently it was used, and nothing is counted lost."""
    data = table_of()
    table = Table(data, Counter())
    for key in range(1, SLOTS + 1):
        table.step(HEADER_BYTES, digest(key), REMEMBER, 100.0 + key, (1.0 if key == 9 else 1000.0, float(key)))
    table.step(HEADER_BYTES, digest(99), REMEMBER, 200.0, (1000.0, 99.0))
    kept = [key for key in (*range(1, SLOTS + 1), 99) if table.step(HEADER_BYTES, digest(key), REMEMBER, 201.0, (9.0,))]
    assert [key for key in (*range(1, SLOTS + 1), 99) if key != 9] == kept
    assert 0 == table.evictions.value


@settings(max_examples=300, deadline=None)
@given(
    damage=st.lists(st.tuples(st.integers(0, BUCKET_BYTES - 1), st.integers(0, 255)), min_size=1, max_size=30),
    keys=st.lists(st.integers(1, 20), min_size=1, max_size=30),
)
def test_table_damage_stays_in_its_bucket(damage: list[tuple[int, int]], keys: list[int]) -> None:
    """Whatever bytes a damaged bucket holds, using it ends in numbers, and its neighbour is as it was."""
    data = table_of(2)
    table = Table(data, Counter())
    for key in range(1, 9):
        for bucket in range(2):
            table.step(bucket_start(bucket), digest(key), REMEMBER, 100.0, (60.0, float(key)))
    for at, byte in damage:
        data[HEADER_BYTES + at] = byte
    before = bytes(data[bucket_start(1) :])
    for key in keys:
        cells = table.step(bucket_start(0), digest(key), REMEMBER, 101.0, (60.0, float(key)))
        assert all(isinstance(cell, float) for cell in cells)
    assert before == data[bucket_start(1) :]


class TooMany:
    name = "too_many"
    lua = ""

    def run(self, cells: Cells, now_s: float, arguments: Cells) -> tuple[Cells, float, Cells]:
        return (1.0,) * (MAX_CELLS + 1), 60.0, ()


async def test_shared_program_with_too_many_cells_fails_and_lets_go(shared: SharedStore) -> None:
    """A program that keeps more than a store has is a mistake of its author, and holds up nobody."""
    with pytest.raises(ValueError, match="too_many keeps 5 cells"):
        shared.run(TooMany(), b"key", ())
    assert (1.0, 1.0) == shared.run(CountUp(), b"key", (9.0,))


@settings(max_examples=200, deadline=None)
@given(
    operations=st.lists(
        st.tuples(
            st.integers(1, 12),
            st.floats(min_value=-1, max_value=100),
            st.lists(st.floats(allow_nan=False), max_size=MAX_CELLS),
            st.floats(min_value=0, max_value=50),
        ),
        max_size=40,
    )
)
def test_table_is_a_dict_with_expiry(operations: list[tuple[int, float, list[float], float]]) -> None:
    """Any sequence of steps and waits gives what a dict with times of expiry gives, as long as there is room."""
    step = steps(table_of())
    model: dict[int, tuple[Cells, float]] = {}
    now_s = 1e9
    for key, ttl_s, cells, pause_s in operations:
        kept, expires_s = model.get(key, (NO_CELLS, 0.0))
        assert (kept if expires_s > now_s else NO_CELLS) == step(key, now_s, ttl_s, *cells)
        model[key] = (tuple(cells), now_s + ttl_s) if ttl_s > 0 else (NO_CELLS, 0.0)
        now_s += pause_s
