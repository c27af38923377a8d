"""What an authenticator by tokens finds again after a reload.

In: ``JwtMemory``. Not in: verifying (``auth.jwt.verifier``), fetching keys (``auth.jwt.keys``).
"""

from __future__ import annotations

from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.jwt.keys.key_set import KeySet
from vizgate.auth.jwt.keys.provider import KeyProvider
from vizgate.auth.remembered import Remembered
from vizgate.message.identity import Identity


class JwtMemory:
    """Of authenticators by *config*. ``verified``: by the hash of a token. ``provider``: None where keys stay."""

    def __init__(self, config: JwtConfig, provider: KeyProvider | None) -> None:
        self.config = config
        self.provider = provider
        self.verified: Remembered[Identity] = Remembered(config.cache)
        self._keys: KeySet | None = None

    def take(self, keys: KeySet) -> None:
        """Go by *keys*: one that is gone must not live on in what it has verified."""
        if keys != self._keys:
            self._keys = keys
            self.verified.clear()

    def clear(self) -> None:
        """Forget what was verified; keys are no memory of anybody's requests."""
        self.verified.clear()

    def __repr__(self) -> str:
        return f"<JwtMemory [{self.verified!r}, {self.provider!r}]>"
