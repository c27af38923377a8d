"""Which coding a client gets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.compress.accept_encoding import choose_coding, parse_weights

OFFERED = (b"br", b"zstd", b"gzip")
_codings = st.sampled_from(["gzip", "br", "zstd", "identity", "*", "deflate", "GZIP", "x-gzip"])
_weights = st.sampled_from(["", ";q=0", ";q=0.5", "; q=1", ";Q=0.001", ";q=2", ";q=abc"])
_fields = st.lists(st.tuples(_codings, _weights), max_size=6).map(lambda items: ", ".join(a + b for a, b in items))


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        (b"", None),
        (b"gzip", b"gzip"),
        (b"gzip, deflate, br, zstd", b"br"),
        (b"gzip;q=1.0, br;q=0.5", b"gzip"),
        (b"GZip", b"gzip"),
        (b"x-gzip", b"gzip"),
        (b"*", b"br"),
        (b"*;q=0", None),
        (b"br;q=0, *", b"zstd"),
        (b"identity", None),
        (b"identity;q=1, gzip;q=0.5", None),
        (b"identity;q=0.5, gzip;q=0.5", b"gzip"),
        (b"identity;q=0", None),
        (b"gzip;q=0", None),
        (b"gzip;q=0.000", None),
        (b"gzip;q=1.001", None),
        (b"gzip;q=-1", None),
        (b"gzip;level=9", None),
        (b" ,, gzip ,", b"gzip"),
        (b"gzip ; q=0.2\t", b"gzip"),
        (b"deflate, compress", None),
    ],
)
def test_choose_coding_example_of_the_rules(value: bytes, coding: bytes | None) -> None:
    """RFC 9110 12.5.3: the highest weight wins, 0 means never, ``*`` is the rest; what is malformed says nothing."""
    assert coding == choose_coding(value, OFFERED)


@given(_fields)
def test_choose_coding_is_never_one_that_was_refused(value: str) -> None:
    """What is chosen has a weight above 0, and none that is offered has a higher one."""
    chosen = choose_coding(value.encode(), OFFERED)
    weights = parse_weights(value.encode())
    of = {coding: weights.get(coding, weights.get(b"*", 0.0)) for coding in OFFERED}
    if chosen is not None:
        assert of[chosen] == max(of.values()) > 0
        assert of[chosen] >= weights.get(b"identity", 0.0)


@given(st.binary(max_size=200))
def test_parse_weights_of_any_bytes_is_in_range(value: bytes) -> None:
    """No field breaks the parser, and every weight is from 0 to 1."""
    assert all(0.0 <= weight <= 1.0 for weight in parse_weights(value).values())
