"""A bounded memory of what is true for a while."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.auth.remembered import Remembered


def test_value_is_true_from_first_to_just_before_last() -> None:
    """A value is there in its time, and gone in the very moment that ends it."""
    memory: Remembered[str] = Remembered(10)
    memory.put(b"a", "x", 100.0, 200.0)
    assert ["x", "x"] == [memory.get(b"a", 100.0), memory.get(b"a", 199.9)]
    assert memory.get(b"a", 200.0) is None
    assert 0 == len(memory)


def test_clock_that_jumps_back_forgets() -> None:
    """Before its time a value is not true, whatever the clock said when it was remembered."""
    memory: Remembered[str] = Remembered(10)
    memory.put(b"a", "x", 100.0, 200.0)
    assert memory.get(b"a", 99.0) is None
    assert memory.get(b"a", 150.0) is None


def test_least_recently_used_leaves_first() -> None:
    """A full memory gives up what has not been asked for longest."""
    memory: Remembered[int] = Remembered(2)
    for number, key in enumerate([b"a", b"b"]):
        memory.put(key, number, 0.0, 9.0)
    memory.get(b"a", 1.0)
    memory.put(b"c", 2, 0.0, 9.0)
    assert [0, None, 2] == [memory.get(key, 1.0) for key in (b"a", b"b", b"c")]


def test_size_zero_remembers_nothing() -> None:
    """0 switches it off."""
    memory: Remembered[int] = Remembered(0)
    memory.put(b"a", 1, 0.0, 9.0)
    assert 0 == len(memory)


KEYS = st.sampled_from([b"a", b"b", b"c", b"d", b"e"])
MOMENTS = st.integers(0, 20).map(float)


@given(st.lists(st.tuples(KEYS, MOMENTS, MOMENTS)), MOMENTS)
def test_never_more_than_its_size_and_never_out_of_time(puts: list[tuple[bytes, float, float]], now_s: float) -> None:
    """Whatever is put in, at most *size* values are held, and one that is given is true now and the last of its key."""
    memory: Remembered[tuple[float, float]] = Remembered(3)
    last: dict[bytes, tuple[float, float]] = {}
    for key, from_s, until_s in puts:
        memory.put(key, (from_s, until_s), from_s, until_s)
        if from_s < until_s:
            last[key] = (from_s, until_s)
        assert len(memory) <= 3
    for key, (from_s, until_s) in last.items():
        found = memory.get(key, now_s)
        assert found in (None, (from_s, until_s))
        assert found is None or from_s <= now_s < until_s
