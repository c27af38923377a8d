"""The keys of one issuer, and which of them a token can have been signed with.

In: ``KeySet``, from a JWKS document or from single keys. Not in: where documents come from (``keys.provider``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from collections.abc import Set as AbstractSet
from typing import Any

from vizgate.auth.jwt.keys.material import KeyUnusable, VerifyKey, key_of_jwk
from vizgate.extension.kinds.authenticator import CredentialRefused

#: The most keys of a document; more would be no key set but an attack on memory.
MAX_KEYS = 100
#: The most signatures that are checked for one token that names no key.
MAX_TRIES = 4


class UnknownKey(CredentialRefused):
    """A token names a key that is not there; with fresher keys it may be."""

    def __init__(self) -> None:
        super().__init__("the token is signed with a key that is not known")


class KeySet:
    """Keys by algorithm and name, looked up and never searched: a ``kid`` is no path, URL or query.

    ``problems``: what was left out of a document, in words.
    """

    __slots__ = ("_by_name", "_keys", "_kids", "_unnamed", "problems")

    def __init__(self, keys: Iterable[VerifyKey], problems: tuple[str, ...] = ()) -> None:
        self._keys = frozenset(keys)
        self.problems = problems
        self._kids = frozenset(key.kid for key in self._keys if key.kid)
        self._unnamed: dict[str, tuple[VerifyKey, ...]] = {}
        self._by_name: dict[tuple[str, str], tuple[VerifyKey, ...]] = {}
        for key in sorted(self._keys, key=repr):
            for algorithm in key.algorithms:
                self._unnamed[algorithm] = (*self._unnamed.get(algorithm, ()), key)[:MAX_TRIES]
                named = (algorithm, key.kid)
                self._by_name[named] = (*self._by_name.get(named, ()), key)[:MAX_TRIES]

    @classmethod
    def of_document(cls, data: bytes, algorithms: AbstractSet[str]) -> KeySet:
        """The keys of a JWKS document (RFC 7517 5) that fit *algorithms*; others are left out (``problems``).

        Raises: KeyUnusable: it is no such document, or no key of it is left.
        """
        keys, problems = [], []
        for number, members in enumerate(_listed(data)):
            try:
                keys.append(key_of_jwk(members, frozenset(algorithms)))
            except KeyUnusable as exc:
                problems.append(f"key {number}: {exc}")
        if not keys:
            # An empty set would lock everybody out. It is a fault of the issuer far more often than its intention.
            raise KeyUnusable("it holds no key that fits. " + "; ".join(problems[:3]))
        return cls(keys, tuple(problems))

    def candidates(self, algorithm: str, kid: str | None) -> tuple[VerifyKey, ...]:
        """The keys that may have signed a token that says *algorithm* and *kid*.

        Raises: UnknownKey: it names a key that is not here. CredentialRefused: no key fits.
        """
        if kid is not None and self._kids:
            if kid not in self._kids:
                raise UnknownKey
            found = self._by_name.get((algorithm, kid), ())
        else:
            # Keys without names: a token may name one all the same, and nothing can be looked up by it.
            found = self._unnamed.get(algorithm, ())
        if not found:
            raise CredentialRefused("no key fits the token's algorithm")
        return found

    def __eq__(self, other: object) -> bool:
        return isinstance(other, KeySet) and other._keys == self._keys

    def __hash__(self) -> int:
        return hash(self._keys)

    def __len__(self) -> int:
        return len(self._keys)

    def __repr__(self) -> str:
        return f"<KeySet [{len(self._keys)} keys]>"


def _listed(data: bytes) -> list[Any]:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise KeyUnusable("it is not JSON") from None
    keys = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(keys, list):
        raise KeyUnusable("it is no key set: there is no list of keys")
    if len(keys) > MAX_KEYS:
        raise KeyUnusable(f"it has more than {MAX_KEYS} keys")
    return keys
