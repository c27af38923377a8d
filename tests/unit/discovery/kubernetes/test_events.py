"""The protocol of a watch, event by event."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.discovery.kubernetes.events import LONGEST_BYTES, MAX_SLICES, HistoryGone, SliceTable, lines_of
from vizgate.discovery.kubernetes.slices import Wanted
from vizgate.extension.kinds.discovery import DiscoveryFailed


def slice_of(name: str, version: int, *addresses: str) -> dict[str, Any]:
    return {
        "metadata": {"name": name, "resourceVersion": str(version)},
        "addressType": "IPv4",
        "ports": [{"port": 80}],
        "endpoints": [{"addresses": [address]} for address in addresses],
    }


def event(kind: str, found: dict[str, Any]) -> bytes:
    return json.dumps({"type": kind, "object": found}).encode()


def table() -> SliceTable:
    made = SliceTable(Wanted())
    made.replace([slice_of("a", 1, "10.0.0.1")], "5")
    return made


def hosts(made: SliceTable) -> list[str]:
    return [target.host for target in made.targets()]


def test_events_change_the_table_and_its_version() -> None:
    """A bookmark changes the version alone; what is deleted twice is gone."""
    made = table()
    made.apply(event("ADDED", slice_of("b", 6, "10.0.0.2")))
    made.apply(event("MODIFIED", slice_of("a", 7, "10.0.0.3")))
    assert (["10.0.0.2", "10.0.0.3"], "7") == (hosts(made), made.version)
    made.apply(event("BOOKMARK", {"metadata": {"resourceVersion": "9"}}))
    made.apply(event("DELETED", slice_of("b", 10)))
    made.apply(event("DELETED", slice_of("b", 11)))
    assert (["10.0.0.3"], "11") == (hosts(made), made.version)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (b"{", "cannot be understood"),
        (b"[]", "cannot be understood"),
        (b'{"type": "ADDED"}', "cannot be understood"),
        (event("ADDED", {"metadata": {"name": "a"}}), "cannot be understood"),
        (event("MODIFIED", {"metadata": {"name": "a", "resourceVersion": "6"}}), "cannot be read"),
        (b'{"type": "ERROR", "object": []}', "cannot be understood"),
        (event("ERROR", {"code": 500, "reason": "InternalError"}), "500 'InternalError'"),
    ],
)
def test_event_that_is_not_taken_leaves_the_version(line: bytes, message: str) -> None:
    """So that it comes again."""
    made = table()
    with pytest.raises(DiscoveryFailed, match=message):
        made.apply(line)
    assert (["10.0.0.1"], "5") == (hosts(made), made.version)


def test_history_that_is_gone_is_no_failure() -> None:
    """It only means to list again."""
    with pytest.raises(HistoryGone):
        table().apply(event("ERROR", {"code": 410, "reason": "Expired"}))


def test_events_without_a_change_cost_no_look_at_the_targets() -> None:
    """Bookmarks come in any number: after them the targets are the very same."""
    made = table()
    known = made.targets()
    made.apply(event("BOOKMARK", {"metadata": {"resourceVersion": "9"}}))
    made.apply(event("DELETED", slice_of("nobody", 10)))
    assert known is made.targets()


def test_slices_have_a_bound() -> None:
    """A server that invents names without an end is a failure, not a process without memory."""
    made = table()
    for number in range(MAX_SLICES - 1):
        made.apply(event("ADDED", slice_of(f"b{number}", 6)))
    with pytest.raises(DiscoveryFailed, match="more than"):
        made.apply(event("ADDED", slice_of("one more", 7)))


def test_list_of_something_else_fails() -> None:
    """Nothing of it is used."""
    made = table()
    with pytest.raises(DiscoveryFailed, match="no EndpointSlice"):
        made.replace([slice_of("b", 2), {"kind": "Pod"}], "6")
    assert "5" == made.version


async def chunks_of(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@given(st.lists(st.binary(min_size=1, max_size=20).map(lambda line: line.replace(b"\n", b"n")), max_size=8), st.data())
async def test_lines_do_not_depend_on_how_they_are_cut(lines: list[bytes], data: st.DataObject) -> None:
    """A chunk may end anywhere; what has no end yet is no line."""
    text = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=10)))
    chunks = [text[start:end] for start, end in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    found = [line async for together in lines_of(chunks_of(*chunks, b"rest")) for line in together]
    assert [line for line in lines if line.strip()] == found


async def test_line_without_an_end_fails() -> None:
    """Nothing grows without a bound."""
    with pytest.raises(DiscoveryFailed, match="too long"):
        [line async for line in lines_of(chunks_of(*[b"x" * 65_536] * (LONGEST_BYTES // 65_536 + 1)))]
