"""``Cache-Control`` as a table."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.cache.rules.directives import MAX_SECONDS, field_names, is_bare, read_directives, seconds_of

CASES = [
    ("", {}),
    ("no-store", {"no-store": None}),
    ("No-Store, MAX-AGE=5", {"no-store": None, "max-age": "5"}),
    (" max-age=1 ,, ,public", {"max-age": "1", "public": None}),
    ('max-age="10"', {"max-age": "10"}),
    ('private="set-cookie, x-a", max-age=3', {"private": "set-cookie, x-a", "max-age": "3"}),
    (r'x="a\"b, no-store", public', {"x": 'a"b, no-store', "public": None}),
    ('x="no-store', {}),
    ("a b, public", {"public": None}),
    ("=5, public", {"public": None}),
    ("max-age =5, public", {"public": None}),
]


@pytest.mark.parametrize(("value", "found"), CASES)
def test_list_is_read_element_by_element(value, found):
    """Names compare without case, arguments are tokens or quoted texts; what has another form is passed over."""
    assert found == dict(read_directives(value))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("max-age=5", 5),
        ("max-age=0005", 5),
        ("max-age=9, max-age=10", 9),
        ("max-age=100, max-age=99", 99),
        ("max-age=4294967296", MAX_SECONDS),
        ("max-age=" + "9" * 60, MAX_SECONDS),
        ("max-age", 0),
        ("max-age=", 0),
        ("max-age=-5", 0),
        ("max-age=5.5", 0),
        ("max-age=5, max-age=x", 0),
        ("s-maxage=5", None),
    ],
)
def test_seconds_are_the_stricter_and_never_more_than_was_said(value, seconds):
    """Of two numbers the smaller, of what is none 0, of what is too great 2^31 (RFC 9111 1.2.2, 4.2.1)."""
    assert seconds == seconds_of(read_directives(value), "max-age")


def test_argument_with_field_names_holds_for_them_alone():
    """``private="X-A"`` is about one field; beside a bare ``private`` it is about everything."""
    named = read_directives('private="X-A, set-cookie"')
    assert {b"x-a", b"set-cookie"} == field_names(named, "private")
    assert not is_bare(named, "private")
    assert is_bare(read_directives('private="x-a", private'), "private")
    assert {b"a", b"b"} == field_names(read_directives('private="a", private="b"'), "private")


@given(st.text(max_size=300))
def test_any_text_is_read(value):
    """Nothing that a client can write raises."""
    assert all(name == name.lower() for name in read_directives(value))


@given(
    st.dictionaries(
        st.from_regex(r"[a-z][a-z\-]{0,10}", fullmatch=True),
        st.none() | st.from_regex(r"[0-9a-z ,]{1,9}", fullmatch=True),
    )
)
def test_what_is_written_is_read(found):
    """A list of directives comes back as it was."""
    text = ", ".join(name if argument is None else f'{name}="{argument}"' for name, argument in found.items())
    assert found == dict(read_directives(text))


@pytest.mark.parametrize(
    "text", ['"' * 60_000, "a=" * 30_000, '\\"' * 30_000, "," * 60_000, 'a="' * 20_000, " " * 60_000]
)
def test_long_text_takes_no_longer_than_its_length(text):
    """No text makes the reader go back over what it has read."""
    start_s = time.perf_counter()
    read_directives(text)
    assert time.perf_counter() - start_s < 0.5
