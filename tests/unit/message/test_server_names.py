"""The rules of names in TLS handshakes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.server_names import NameTable, parse_server_name

TABLE = NameTable(
    [("a.example", 1), ("*.example", 2), ("*.b.example", 3), ("x.b.example", 4), ("a.example", 5), ("localhost", 6)]
)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("a.example", 1), ("A.EXAMPLE", 1), ("a.example.", 1), ("c.example", 2), ("d.b.example", 3),
        ("x.b.example", 4), ("example", None), ("x.c.example", None), (".example", None), ("", None), ("localhost", 6),
    ],
)  # fmt: skip
def test_find_prefers_exact_names_and_a_star_is_one_label(name: str, value: int | None) -> None:
    """RFC 6125 6.4.3: a wildcard stands for the left-most label, and for one label only."""
    assert value == TABLE.find(name)


@pytest.mark.parametrize("name", ["", "*", "a..b", "a b", "*.*.example", "a.*.example", "-a.example", "a" * 64, "ä.de"])
def test_parse_refuses_what_no_client_asks_for(name: str) -> None:
    """A name that no handshake can carry would choose nothing."""
    with pytest.raises(ValueError, match="is not a host name"):
        parse_server_name(name)


@given(st.text(max_size=80))
def test_find_takes_any_text(name: str) -> None:
    """The name comes from a stranger."""
    assert TABLE.find(name) in {1, 2, 3, 4, 6, None}
