"""Media types, and which entry of a document is meant by one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.validation.content.media_type import MediaTable, MediaType, parse_media_type


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/json", MediaType("application/json")),
        (" Application/JSON ; Charset=UTF-8", MediaType("application/json", (("charset", "UTF-8"),))),
        ('a/b; x="q;\\"z"; y=1', MediaType("a/b", (("x", 'q;"z'), ("y", "1")))),
        ("a/b;", MediaType("a/b")),
        ("a/b;;x=1", MediaType("a/b", (("x", "1"),))),
        ("application/*+json", MediaType("application/*+json")),
        ("*/*", MediaType("*/*")),
        ("json", None),
        ("a/b c", None),
        ("a/b; x", None),
        ("a/b; x=", None),
        ('a/b; x="', None),
        ("a/b, c/d", None),
        ("", None),
    ],
)
def test_media_type_is_parsed(text: str, expected: MediaType | None) -> None:
    """Types and names compare without case; what is malformed is none."""
    assert expected == parse_media_type(text)


@given(st.text(max_size=60))
def test_parsing_never_raises(text: str) -> None:
    """Whatever a client sends is a media type or not."""
    parse_media_type(text)


def test_long_header_is_parsed_in_one_pass() -> None:
    """A field as long as a head can be takes no more than a moment."""
    assert parse_media_type('a/b; x="' + "\\a" * 30_000) is None
    assert parse_media_type("a/b" + ";" * 60_000) is not None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("application/json", "json"),
        ("application/json; charset=utf-8", "json"),
        ("application/json; version=2", "json 2"),
        ("application/problem+json", "any json"),
        ("application/xml", "application"),
        ("image/png", "image"),
        ("text/plain", "rest"),
    ],
)
def test_most_specific_entry_is_found(text: str, expected: str) -> None:
    """Whole types first, with more parameters before fewer; then suffixes, ranges, and anything."""
    keys = {
        "*/*": "rest",
        "image/*": "image",
        "application/*": "application",
        "application/*+json": "any json",
        "application/json": "json",
        "application/json; version=2": "json 2",
    }
    entries = [(media_type, value) for key, value in keys.items() if (media_type := parse_media_type(key))]
    found = parse_media_type(text)
    assert found is not None
    assert (expected,) == MediaTable(entries).find(found)


def test_unknown_type_is_not_found() -> None:
    """Without a range that covers it there is no entry."""
    table: MediaTable[int] = MediaTable([(MediaType("application/json"), 1)])
    assert table.find(MediaType("application/jsonp")) is None
    assert table.find(MediaType("text/json")) is None
