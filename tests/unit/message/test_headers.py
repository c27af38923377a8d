"""The rules of ``Headers``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.message.headers import Field, Headers, encode_name, encode_value


def _headers() -> Headers:
    return Headers.of([("A", "1"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("B", "")])


def test_of_keeps_order_case_and_lines() -> None:
    """Lines are never merged or reordered, and names keep their spelling (RFC 9110 5.3: Set-Cookie!)."""
    headers = _headers()
    assert headers.items() == [("A", "1"), ("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("B", "")]
    assert [b"A", b"Set-Cookie", b"set-cookie", b"B"] == [name for name, _ in headers.raw]
    assert (list(headers), len(headers)) == (["A", "Set-Cookie", "set-cookie", "B"], 4)


def test_get_ignores_case_and_takes_first() -> None:
    """Names compare without case (RFC 9110 5.1); of several lines the first is given."""
    headers = _headers()
    assert (headers["SET-COOKIE"], headers.get("b"), headers.get_bytes(b"set-cookie")) == ("a=1", "", b"a=1")
    assert headers.get_all("Set-Cookie") == ["a=1", "b=2"]


def test_get_absent_gives_default_or_key_error() -> None:
    """What is not there is None, the default, an empty list, or a ``KeyError``, as with a dict."""
    headers = _headers()
    assert (headers.get("X"), headers.get("X", "d"), headers.get_all("X"), headers.get_bytes(b"x")) == (
        None,
        "d",
        [],
        None,
    )
    assert ("X" in headers, "a" in headers, b"A" in headers, "\u20ac" in headers) == (False, True, False, False)
    with pytest.raises(KeyError):
        headers["X"]
    with pytest.raises(KeyError):
        del headers["X"]


def test_set_replaces_every_line_by_one() -> None:
    """Assignment leaves one line, whatever the spelling of those before."""
    headers = _headers()
    headers["SET-cookie"] = "c"
    assert headers.items() == [("A", "1"), ("B", ""), ("SET-cookie", "c")]


def test_add_remove_and_delete() -> None:
    """``add`` appends, ``remove`` drops every line or nothing, ``del`` wants one to be there."""
    headers = _headers()
    headers.add("a", b"2")
    assert headers.get_all("A") == ["1", "2"]
    headers.remove("A")
    headers.remove("A")
    del headers["set-COOKIE"]
    assert headers.items() == [("B", "")]


def test_copy_is_independent_and_equal() -> None:
    """A copy has the same lines; equal means the same lines in order, names without case."""
    headers = _headers()
    copy = headers.copy()
    assert copy == headers
    copy.add("C", "3")
    assert (copy == headers, len(headers)) == (False, 4)
    assert Headers([(b"a", b"1")]) == Headers([(b"A", b"1")])
    assert Headers([(b"a", b"x")]) != Headers([(b"a", b"X")])
    assert Headers() != []


def test_headers_are_not_hashable() -> None:
    """What can change cannot be a key."""
    with pytest.raises(TypeError):
        hash(Headers())


def test_repr_shows_names_only() -> None:
    """Values may be secrets, so they are not shown."""
    assert repr(Headers.of([("Authorization", "s3cret"), ("A", "1")])) == "<Headers [Authorization, A]>"


@pytest.mark.parametrize(
    "name", ["", "a b", "a:", "a\r\n", "a\n", "\u00e9", "\u20ac", b"\xc3\xa9", "a\0", "(a)", "a/b", " a"]
)
def test_bad_name_is_refused(name: str | bytes) -> None:
    """A field name is a token (RFC 9110 5.1): nothing that could split a message."""
    with pytest.raises(ValueError, match="not a field name"):
        encode_name(name)


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\n", "\ra", "a\0", b"\x7f", "\x1b[0m", "\x0b", "a\r\n b"])
def test_bad_value_is_refused(value: str | bytes) -> None:
    """CR, LF, NUL and other control bytes never stand in a value (RFC 9110 5.5: response splitting)."""
    with pytest.raises(ValueError, match="control bytes"):
        encode_value(value)
    headers = _headers()
    for change in (headers.add, headers.__setitem__):
        with pytest.raises(ValueError, match="control bytes"):
            change("A", value)
    assert headers == _headers()


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        (" \t a \t b\t ", b"a \t b"),
        ("", b""),
        ("\u00e9", b"\xe9"),
        ("\u20ac", b"\xe2\x82\xac"),
        (b"\xff\x80", b"\xff\x80"),
    ],
)
def test_value_is_trimmed_latin1_or_utf8(value: str | bytes, raw: bytes) -> None:
    """Text is latin-1 where that can hold it, else UTF-8; bytes stay; outer white space is no part of a value."""
    assert encode_value(value) == raw


_names = st.sampled_from(["A", "a", "B", "X-Y", "x-y", "Cookie"])
_values = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_categories=["Cc"]), max_size=5)
_changes = st.lists(st.tuples(st.sampled_from(["add", "set", "remove", "del"]), _names, _values), max_size=20)


@given(st.lists(st.tuples(_names, _values), max_size=6), _changes)
def test_headers_any_changes_equal_model(pairs: list[tuple[str, str]], changes: list[tuple[str, str, str]]) -> None:
    """Against a plain list of pairs: the same lines in the same order after any changes."""
    headers = Headers.of(pairs)
    model = [(name, value.strip(" \t")) for name, value in pairs]
    for change, name, value in changes:
        others = [pair for pair in model if pair[0].lower() != name.lower()]
        if change == "add":
            headers.add(name, value)
            model.append((name, value.strip(" \t")))
        elif change == "set":
            headers[name] = value
            model = [*others, (name, value.strip(" \t"))]
        elif change == "remove" or len(others) < len(model):
            headers.remove(name) if change == "remove" else headers.__delitem__(name)
            model = others
        mine = [found for key, found in model if key.lower() == name.lower()]
        assert (headers.items(), len(headers), headers.get_all(name.upper())) == (model, len(model), mine)
        assert (headers.get(name), name in headers) == (mine[0] if mine else None, bool(mine))


@given(st.lists(st.tuples(st.just(b"X"), st.binary(max_size=8)), max_size=3))
def test_items_text_is_lossless(raw: list[Field]) -> None:
    """Text goes in and out as latin-1: every byte that a field may hold comes back."""
    assert [value.encode("latin-1") for _, value in Headers(raw).items()] == [value for _, value in raw]
