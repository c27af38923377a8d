"""JSON, strictly."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.validation.check.json_text import NotJson, read_json

_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=4), inner),
    max_leaves=15,
)  # fmt: skip


@given(_values, st.sampled_from([None, 2]), st.booleans())
def test_every_value_is_read_back(value: Any, indent: int | None, escaped: bool) -> None:
    """However it is written, compactly or not, JSON is read as what it says."""
    assert value == read_json(json.dumps(value, indent=indent, ensure_ascii=escaped).encode())


@pytest.mark.parametrize(
    "data",
    [b"", b"{", b"NaN", b"[1,]", b"{'a':1}", b"\xef\xbb\xbf{}", b'"\xff"', b'"\\ud800"', b"1e999", b"[" * 5000],
)
def test_what_is_no_json_is_refused(data: bytes) -> None:
    """Extensions, other encodings, half pairs and numbers beyond a double are no JSON here."""
    with pytest.raises(NotJson, match="is not JSON"):
        read_json(data)


@pytest.mark.parametrize(
    "data", [b'{"a":1,"a":2}', b'{"a":1,"\\u0061":2}', b'[{"x": {"b": 1, "b": 1}}]', b'{ "a":1, "a":1 }']
)
def test_same_name_twice_is_refused(data: bytes) -> None:
    """The gateway must not check one member while the service reads the other."""
    with pytest.raises(NotJson, match="twice"):
        read_json(data)


def test_message_shows_nothing_of_the_text() -> None:
    """A reason has a position, and no content."""
    with pytest.raises(NotJson) as caught:
        read_json(b'{"password": hunter2}')
    assert "hunter2" not in str(caught.value)
    assert "byte" in str(caught.value)
