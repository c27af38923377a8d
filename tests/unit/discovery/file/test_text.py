"""Documents of files, as whoever may write them could have them."""

from __future__ import annotations

import time

import pytest

from vizgate.discovery.file.text import parse
from vizgate.extension.kinds.discovery import DiscoveryFailed

_BOMB = "\n".join(
    ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)] + ["? *a8", ": 1"]
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("- !!bool maybe", "a value is not of the type that its tag says"),
        ("- !!int ''", "a value is not of the type that its tag says"),
        ("- !!int x", "invalid literal"),
        ("{? [a, b] : 1}", "a key is no text"),
        ("{a: 1, a: 2}", "a key stands twice"),
        ("&a {? *a : 1}", "a key is no text"),
    ],
)
def test_parse_odd_yaml_is_a_failure_of_the_source(text: str, message: str) -> None:
    """Whatever the library raises, the source says that its document cannot be used."""
    with pytest.raises(DiscoveryFailed, match=message):
        parse(text.encode(), is_json=False)


def test_parse_bomb_as_key_is_refused_at_once() -> None:
    """Ten to the eighth aliases are no text to be compared: writing them out would take all memory."""
    began_s = time.process_time()
    with pytest.raises(DiscoveryFailed, match="a key is no text"):
        parse(_BOMB.encode(), is_json=False)
    assert time.process_time() - began_s < 1.0
