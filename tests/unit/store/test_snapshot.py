"""A table of counters as a file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vizgate.store.snapshot import Entry, SnapshotFault, decode, encode, read_snapshot, write_snapshot

ENTRIES = st.dictionaries(
    st.binary(max_size=40),
    st.tuples(st.lists(st.floats(allow_nan=False), max_size=4).map(tuple), st.floats(allow_nan=False), st.booleans()),
    max_size=20,
)


@settings(deadline=None)
@given(ENTRIES)
def test_snapshot_decode_gives_what_was_encoded(entries: dict[bytes, Entry]) -> None:
    """Every key, every number, which of them last, and their order come back."""
    assert list(entries.items()) == list(decode(encode(entries.items())).items())


@settings(deadline=None)
@given(ENTRIES, st.data())
def test_snapshot_damaged_is_refused(entries: dict[bytes, Entry], data: st.DataObject) -> None:
    """A byte that is wrong, or an end that is missing, is noticed."""
    content = encode(entries.items())
    at = data.draw(st.integers(0, len(content) - 1))
    wrong = content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :]
    for damaged in (wrong, content[:at]):
        with pytest.raises(SnapshotFault):
            decode(damaged)


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_snapshot_of_anything_is_a_table_or_a_fault(content: bytes) -> None:
    """Whatever the file holds, reading it ends in one of two ways."""
    for data in (content, encode([])[:-4] + content):
        try:
            decode(data)
        except SnapshotFault:
            continue


def test_snapshot_write_replaces_at_once_and_is_private(tmp_path: Path) -> None:
    """The file is whole at any time, nothing is left beside it, and only its owner may read it."""
    path = tmp_path / "counters"
    path.write_bytes(b"old")
    write_snapshot(path, [(b"key", ((1.0,), 2.0, False))])
    assert {b"key": ((1.0,), 2.0, False)} == read_snapshot(path)
    assert ["counters"] == [found.name for found in tmp_path.iterdir()]
    assert 0o600 == path.stat().st_mode & 0o777


def test_snapshot_draft_of_somebody_else_is_not_written_to(tmp_path: Path) -> None:
    """A link that waits where the file is going to be made leads nowhere."""
    (tmp_path / "victim").write_bytes(b"precious")
    (tmp_path / "counters.part").symlink_to(tmp_path / "victim")
    write_snapshot(tmp_path / "counters", [])
    assert b"precious" == (tmp_path / "victim").read_bytes()


def test_snapshot_write_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    """When a table cannot be written, the one before stays, and no draft."""
    path = tmp_path / "counters"
    write_snapshot(path, [])
    with pytest.raises(TypeError):
        write_snapshot(path, [(b"key", None)])  # type: ignore[list-item]
    assert {} == read_snapshot(path)
    assert ["counters"] == [found.name for found in tmp_path.iterdir()]
