"""Cookies of a request."""

from __future__ import annotations

import pytest

from vizgate.message.cookies import cookie_value


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], None),
        ([b"a=1"], b"1"),
        ([b"b=2; a=1; c=3"], b"1"),
        ([b"b=2", b"a=1"], b"1"),
        ([b"a=1; a=2"], b"1"),
        ([b"ba=2; a=1"], b"1"),
        ([b"ba=2"], None),
        ([b"a = 1"], None),
        ([b"a"], None),
        ([b"a="], b""),
        ([b"a=x=y"], b"x=y"),
        ([b"A=1"], None),
        ([b"b=2;a=1"], b"1"),
    ],
)
def test_cookie_value_is_that_of_the_first_of_its_name(lines: list[bytes], expected: bytes | None) -> None:
    """Names are compared as they are, white space around pairs does not matter, the rest is the value."""
    fields = [(b"Accept", b"a=0"), *((b"cOOKIE", line) for line in lines), (b"Cookie2", b"a=9")]
    assert expected == cookie_value(fields, b"a")
