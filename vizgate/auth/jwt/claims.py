"""From claims to an identity.

In: ``IdentityClaims``: which claims say who it is, by ``TokenClaimsConfig``. Not in: whether to believe them
(``auth.jwt.rules``).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeGuard

from vizgate.extension.kinds.authenticator import CredentialRefused
from vizgate.message.identity import Identity

#: A longer user is none that a log, a field or a key of a limit could hold.
MAX_USER_CHARS = 500


class IdentityClaims:
    """Reads identities out of claims.

    Args: user, tier, scopes: names of claims; a dot leads into an object, unless a claim has the name with the dot.
    authenticator: the name that identities carry.
    """

    __slots__ = ("_authenticator", "_scopes", "_tier", "_user")

    def __init__(self, user: str, tier: str | None, scopes: str, authenticator: str = "") -> None:
        self._user = user
        self._tier = tier
        self._scopes = scopes
        self._authenticator = authenticator

    def identity(self, claims: Mapping[str, Any]) -> Identity:
        """Who *claims* speak of. Raises: CredentialRefused: they name nobody, or nobody that could be named."""
        user = claim_of(claims, self._user)
        if not is_name(user):
            raise CredentialRefused(f"the token's {self._user} names no user")
        tier = None if self._tier is None else claim_of(claims, self._tier)
        credential = claims.get("jti")
        return Identity(
            user=user,
            tier=tier if is_name(tier) else "",
            scopes=scopes_of(claim_of(claims, self._scopes)),
            authenticator=self._authenticator,
            credential=credential if is_name(credential) else "",
            claims=MappingProxyType(dict(claims)),
        )


def claim_of(claims: Any, path: str) -> Any:
    """The claim at *path*, None when there is none.

    Names such as ``https://example.com/roles`` have dots of their own, so a whole name goes before a part of one.
    """
    if not isinstance(claims, Mapping):
        return None
    if path in claims:
        return claims[path]
    end = path.find(".")
    while end > 0:
        if path[:end] in claims:
            found = claim_of(claims[path[:end]], path[end + 1 :])
            if found is not None:
                return found
        end = path.find(".", end + 1)
    return None


def is_name(value: Any) -> TypeGuard[str]:
    """Whether *value* is text that can be shown in one line of a log and one field of a message."""
    return isinstance(value, str) and 0 < len(value) <= MAX_USER_CHARS and value.isprintable()


def scopes_of(value: Any) -> frozenset[str]:
    """Text with spaces (RFC 8693 4.2) or a list of texts; anything else grants nothing."""
    if isinstance(value, str):
        return frozenset(value.split())
    if isinstance(value, list):
        return frozenset(item for item in value if isinstance(item, str))
    return frozenset()
