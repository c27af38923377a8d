"""Values of requests, in a form in which equal ones are equal."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from vizgate.cache.ask.vary import vary_names, vary_values
from vizgate.message.headers import Headers

codings = st.lists(st.sampled_from(["gzip", "br;q=0.5", "zstd", "identity;q=0", "*"]), max_size=4)


@given(codings, st.integers())
def test_order_case_and_lines_of_codings_say_nothing(items, seed):
    """``Accept-Encoding`` is a set, however it is written."""
    shuffled = [item.upper() for item in items]
    Random(seed).shuffle(shuffled)
    one = [(b"accept-encoding", ",".join(items).encode())]
    many = [(b"Accept-Encoding", f" {item} ".encode()) for item in shuffled] or one
    assert vary_values((b"accept-encoding",), one) == vary_values((b"accept-encoding",), many)


@given(st.lists(st.binary(max_size=5), min_size=1, max_size=3), st.lists(st.binary(max_size=5), min_size=1, max_size=3))
def test_other_fields_match_exactly(first, second):
    """Of a field whose syntax is not known only what joining lines does is undone."""
    values = [vary_values((b"x",), [(b"X", line) for line in lines]) for lines in (first, second)]
    assert (b", ".join(first) == b", ".join(second)) == (values[0] == values[1])


def test_absent_is_not_empty():
    """RFC 9111 4.1: a field that is absent matches only where it is absent, too."""
    for name in (b"x", b"accept-encoding"):
        assert vary_values((name,), []) != vary_values((name,), [(name, b"")])


def test_names_are_a_set():
    """Several lines, any case, any order: each name once."""
    assert (b"a", b"b") == vary_names(Headers.of([("Vary", "B, a"), ("vary", "A,,b")]))
