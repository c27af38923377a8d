"""Which key is whose: the rule, without a request around it.

In: ``ApiKeyTable`` and how keys are hashed. Not in: finding the key in a request
(``auth.api_key.authenticator``) and files of keys (``auth.api_key.upkeep``).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from vizgate.auth.api_key.config import KeyConfig, refuse_unfit
from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.identity import Identity

#: Longest key that is looked at.
MAX_KEY_BYTES = 4096

_Digest = Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class _Entry:
    """``expires_s``: seconds since the epoch from which on it is refused."""

    digest: bytes
    identity: Identity
    expires_s: float
    is_disabled: bool


# What is compared when nothing was found, so that an unknown key takes the same steps as a wrong one. No key has this
# digest but by finding a preimage of it.
_NOBODY = _Entry(bytes(32), Identity("nobody"), 0.0, is_disabled=True)


class ApiKeyTable:
    """Finds the identity behind an API key; only hashes of keys are held.

    Args: keys: as the YAML has them. pepper: the secret of keys whose hash begins with ``hmac-sha256``. name: becomes
    the identities' ``authenticator``.
    Raises: ValueError: two keys have the same id or hash, or a hash needs a pepper that is not there.
    """

    __slots__ = ("_lookups", "keys")

    def __init__(self, keys: Sequence[KeyConfig], pepper: bytes = b"", name: str = "") -> None:
        refuse_unfit(keys, has_pepper=bool(pepper))
        self.keys = tuple(keys)
        whole = [key for key in keys if not key.is_abbreviated]
        plain = {entry.digest: entry for entry in (_entry(key, name) for key in whole if _is_plain(key))}
        keyed = {entry.digest: entry for entry in (_entry(key, name) for key in whole if not _is_plain(key))}
        lookups: list[tuple[_Digest, dict[bytes, _Entry]]] = []
        if keyed:
            lookups.append((lambda key: hmac.digest(pepper, key, "sha256"), keyed))
        if plain or not keyed:
            lookups.append((_sha256, plain))
        self._lookups = tuple(lookups)

    def identify(self, key: bytes, now_s: float) -> Identity:
        """Whose *key* is.

        Args: now_s: seconds since the epoch.
        Raises: CredentialRefused: nobody's, or a key that is empty, disabled, has expired or is over
        ``MAX_KEY_BYTES``.
        """
        if not 0 < len(key) <= MAX_KEY_BYTES:
            # An empty one is refused even where somebody has hashed an empty file.
            raise CredentialRefused("the API key is empty" if not key else "the API key is too long")
        found = _NOBODY
        for digest_of, entries in self._lookups:
            digest = digest_of(key)
            entry = entries.get(digest, _NOBODY)
            # The table was searched by a digest that nobody can steer; the comparison that decides takes the same time
            # wherever the two differ (CWE-208).
            if hmac.compare_digest(entry.digest, digest):
                found = entry
        if found is _NOBODY:
            raise CredentialRefused("the API key is not known")
        if found.is_disabled:
            raise CredentialRefused("the API key is disabled")
        if now_s >= found.expires_s:
            raise CredentialRefused("the API key has expired")
        return found.identity

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<ApiKeyTable [{len(self.keys)} keys]>"


def hash_key(key: bytes, pepper: bytes = b"") -> str:
    """What ``hash`` says about *key* in the YAML."""
    return f"hmac-sha256:{hmac.digest(pepper, key, 'sha256').hex()}" if pepper else f"sha256:{_sha256(key).hex()}"


def end_of(day: date) -> float:
    """The end of *day* in UTC, in seconds since the epoch."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    return (midnight + timedelta(days=1)).timestamp() if day < date.max else float("inf")


def _sha256(key: bytes) -> bytes:
    return hashlib.sha256(key).digest()


def _is_plain(key: KeyConfig) -> bool:
    return key.hash.startswith("sha256:")


def _entry(key: KeyConfig, name: str) -> _Entry:
    identity = Identity(key.user, key.tier, frozenset(key.scopes), name, key.id)
    expires_s = float("inf") if key.expires is None else end_of(key.expires)
    return _Entry(bytes.fromhex(key.hash.partition(":")[2]), identity, expires_s, key.disabled)
