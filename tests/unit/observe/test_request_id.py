"""Tests of request ids."""

from __future__ import annotations

from random import Random

import pytest

from vizgate.observe.request_id import is_acceptable, new_request_id


def test_new_request_id_is_32_hex_digits_and_acceptable() -> None:
    """A new id has 128 bits, and another gateway would take it."""
    ids = [new_request_id(Random(seed)) for seed in range(200)]
    assert {len(request_id) for request_id in ids} == {32}
    assert all(int(request_id, 16) < 2**128 and is_acceptable(request_id.encode()) for request_id in ids)


def test_new_request_id_many_differ() -> None:
    """One source does not repeat itself."""
    random = Random(1)
    assert len({new_request_id(random) for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize("value", [b"a", b"req-1_2.3", b"A" * 128])
def test_is_acceptable_plain_token_yes(value: bytes) -> None:
    """Letters, digits, dot, underscore and hyphen, up to 128 of them."""
    assert is_acceptable(value)


@pytest.mark.parametrize("value", [b"", b"A" * 129, b"a b", b"a\n", b"\na", b'a"', b"a;b", b"\xe9", b"a\x00", b"${x}"])
def test_is_acceptable_anything_else_no(value: bytes) -> None:
    """What is empty, long, or could break a line or a command is not taken."""
    assert not is_acceptable(value)
