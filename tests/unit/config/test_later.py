"""Keys and values that the format has, but this version does not act on yet."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from vizgate.config import later

Refused = Callable[..., list[str]]

# Each key and value of the format that a later version brings, written as its reference shows it.
CASES = [
    ("server: {http2: true}", "server.http2: http2 (HTTP/2)"),
    ("observe: {tracing: {}}", "observe.tracing: tracing (tracing)"),
]


@pytest.mark.parametrize(("text", "message"), CASES)
def test_later_key_is_refused_with_its_place(refused: Refused, text: str, message: str) -> None:
    """What this version does not act on is refused as such: never as unknown, never ignored, and once."""
    base = "" if text.startswith("services") else "services: {echo: {builtin: echo}}\n"
    found = refused(base + text)
    assert len(found) == 1
    assert message in found[0]
    assert "is not supported yet. " in found[0]
    assert found[0].startswith(f"config.yaml:{2 if base else 1}:")


def test_later_key_has_the_place_of_the_key(refused: Refused) -> None:
    """A key is refused where it is written."""
    assert refused("server:\n  http2: true")[0].startswith("config.yaml:2:3 ")


def test_unknown_value_is_no_later_value(refused: Refused) -> None:
    """A slip of the keyboard is told as one."""
    assert "must be one of round_robin, weighted" in refused("services: {a: {targets: [http://a], balancer: rand}}")[0]
    assert "must be a whole number or auto" in refused("server: {workers: many}")[0]
    assert "must be at least 1" in refused("server: {workers: 0}")[0]


def test_table_has_no_row_twice() -> None:
    """Each key is refused by one row."""
    patterns = [row.pattern for row in later.TABLE if row.when is None]
    assert len(patterns) == len(set(patterns))
