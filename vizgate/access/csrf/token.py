"""Tokens that only the gateway can make, each for one session.

In: ``TokenSigner``, as a pure value. Not in: cookies and fields (``access.csrf.middleware``).

A token is a nonce and its signature over the session's cookies: one that an attacker got for a session of his own, and
planted as a cookie from a sister domain, is not good for another session.

Source: OWASP Cross-Site Request Forgery Prevention, "Signed Double-Submit Cookie".
"""

from __future__ import annotations

import hmac

_NONCE_CHARS = 32
_TOKEN_CHARS = _NONCE_CHARS + 1 + 64


class TokenSigner:
    """Makes and checks tokens. Args: secret: the key, as long as the hash at least."""

    __slots__ = ("_secret",)

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def make(self, session: bytes, nonce: int) -> bytes:
        """The token of *session* with *nonce* (128 bits; it need not be secret)."""
        text = b"%032x" % nonce
        return text + b"." + self._signature(session, text)

    def is_valid(self, token: bytes, session: bytes) -> bool:
        """Whether *token* was made for *session*; takes as long for a wrong token as for a right one."""
        if len(token) != _TOKEN_CHARS:
            return False
        nonce, signature = token[:_NONCE_CHARS], token[_NONCE_CHARS + 1 :]
        return hmac.compare_digest(signature, self._signature(session, nonce))

    def _signature(self, session: bytes, nonce: bytes) -> bytes:
        return hmac.digest(self._secret, nonce + session, "sha256").hex().encode("ascii")

    def __repr__(self) -> str:
        return "<TokenSigner>"
