"""A list of revoked tokens."""

from __future__ import annotations

import pytest

from vizgate.auth.jwt.revocation import IS_REVOKED, REVOKE, revocation_key
from vizgate.extension.store import NO_CELLS, Step


def test_revoke_marks_until_the_token_ends():
    """The mark lives as long as the token would, and then takes no room."""
    assert Step((160.0,), 60.0, (1.0,)) == REVOKE.run(NO_CELLS, 100.0, (160.0,))


def test_revoke_ended_token_keeps_nothing():
    """A token that has ended needs no mark; the result says that there is none."""
    assert Step(NO_CELLS, 0.0, (0.0,)) == REVOKE.run(NO_CELLS, 100.0, (100.0,))


def test_revoke_twice_keeps_the_later_end():
    """A second revocation that ends earlier does not let the token come back sooner."""
    assert Step((160.0,), 60.0, (1.0,)) == REVOKE.run((160.0,), 100.0, (120.0,))


def test_is_revoked_asking_changes_nothing():
    """A question leaves the mark and its end as they are."""
    assert Step((160.0,), 40.0, (1.0,)) == IS_REVOKED.run((160.0,), 120.0, ())


@pytest.mark.parametrize("cells", [NO_CELLS, (120.0,)])
def test_is_revoked_without_mark_in_force_says_no(cells: tuple[float, ...]):
    """No mark, or one that has ended, is no revocation, and asking makes no entry."""
    assert Step(NO_CELLS, 0.0, (0.0,)) == IS_REVOKED.run(cells, 120.0, ())


def test_revocation_key_is_short_and_unambiguous():
    """Every token has a key of its own of one length, whatever stands in its id."""
    pairs = [("a", "bc"), ("ab", "c"), ("", "abc"), ("1:a", "b"), ("a", "x" * 100_000), ("a", "\ud800"), ("a", "\0")]
    keys = {revocation_key(issuer, token_id) for issuer, token_id in pairs}
    assert len(pairs) == len(keys)
    assert {40} == {len(key) for key in keys}
