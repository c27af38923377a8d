"""A program as a Redis script."""

from __future__ import annotations

from hashlib import sha1

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vizgate.store.redis.resp import ReplyReader
from vizgate.store.redis.script import Script, from_text, to_text
from vizgate.testing.store_suite import CountUp, Remember


@given(st.lists(st.floats(allow_nan=False)).map(tuple))
def test_script_numbers_as_text_come_back_exactly(numbers: tuple[float, ...]) -> None:
    """No digit is lost on the way to Redis and back."""
    assert list(map(repr, numbers)) == list(map(repr, from_text(to_text(numbers))))


def test_script_has_the_name_that_redis_gives_it() -> None:
    """Its name is known without asking, so that loading it and running it leave together."""
    script = Script.of(CountUp())
    assert sha1(script.text.encode(), usedforsecurity=False).hexdigest().encode() == script.sha
    assert Script.of(Remember()).sha != script.sha


@pytest.mark.parametrize("key", [b"", b"a\r\nb", b"k" * 1000])
def test_script_call_is_one_command(key: bytes) -> None:
    """The call names script, one key, and each argument by a text that reads as the same number."""
    script = Script.of(CountUp())
    count, _, rest = script.call(key, (0.1 + 0.2, 5.0)).partition(b"\r\n")
    assert b"*6" == count
    assert [b"EVALSHA", script.sha, b"1", key, b"0.30000000000000004", b"5.0"] == ReplyReader().feed(rest)
