"""Signed tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vizgate.access.csrf.token import TokenSigner

SIGNER = TokenSigner(b"k" * 32)
SESSIONS = st.binary(min_size=1, max_size=30)
NONCES = st.integers(0, 2**128 - 1)


@given(SESSIONS, SESSIONS, NONCES)
def test_token_is_good_for_its_session_only(session: bytes, other: bytes, nonce: int) -> None:
    """Not for another session, and not from another key."""
    token = SIGNER.make(session, nonce)
    assert SIGNER.is_valid(token, session)
    assert (session == other) == SIGNER.is_valid(token, other)
    assert not TokenSigner(b"K" * 32).is_valid(token, session)


@given(SESSIONS, NONCES, st.integers(0, 96), st.integers(1, 255))
def test_token_with_one_byte_changed_is_none(session: bytes, nonce: int, at: int, change: int) -> None:
    """But the dot, which means nothing."""
    token = bytearray(SIGNER.make(session, nonce))
    token[at] ^= change
    assert (at == 32) == SIGNER.is_valid(bytes(token), session)


@given(st.binary(max_size=200), SESSIONS)
def test_any_bytes_are_no_token(token: bytes, session: bytes) -> None:
    """Whatever a client sends, nothing fails."""
    assert not SIGNER.is_valid(token, session)


def test_signer_does_not_show_its_key() -> None:
    """Neither in a repr nor in a token."""
    assert "<TokenSigner>" == repr(SIGNER)
    assert b"kkkk" not in SIGNER.make(b"a", 1)
