"""One range of bytes, against slicing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.cache.ask.ranges import part_of

lengths = st.integers(0, 50)
positions = st.integers(0, 70)


@given(lengths, positions, st.none() | positions)
def test_part_is_the_slice(length, first, last):
    """RFC 9110 14.1.2: from the first to the last position, as far as there are bytes; none of them is 416."""
    body = bytes(range(length))
    part = part_of(b"bytes=%d-%b" % (first, b"" if last is None else b"%d" % last), length)
    if last is not None and last < first:
        assert part is None
        return
    wanted = body[first:] if last is None else body[first : last + 1]
    assert part is not None
    assert part.is_satisfiable == bool(wanted)
    assert wanted == (body[part.first : part.last + 1] if part.is_satisfiable else b"")


@given(lengths, positions)
def test_suffix_is_the_end(length, count):
    """RFC 9110 14.1.2: the last *count* bytes, the whole where there are fewer."""
    body = bytes(range(length))
    part = part_of(b"bytes=-%d" % count, length)
    assert part is not None
    wanted = body[-count:] if count else b""
    assert wanted == (body[part.first : part.last + 1] if part.is_satisfiable else b"")


@given(st.binary(max_size=40))
def test_any_bytes_are_read(value):
    """Nothing that a client can write raises."""
    part_of(value, 10)
