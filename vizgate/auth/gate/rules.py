"""What an identity must be allowed to pass a route: scopes and claims.

In: ``AccessRules``, ``Denial``. Not in: the answer to who may not (``auth.gate.require``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from vizgate.auth.config import ClaimRule
from vizgate.auth.jwt.claims import claim_of
from vizgate.message.identity import Identity

# With its type: in Python True is 1, in a token it is not.
_Typed = tuple[type, str | int | bool]


@dataclass(frozen=True, slots=True)
class Denial:
    """Why an identity may not. ``scopes``: all that the route needs, when one of them is missing."""

    detail: str
    scopes: tuple[str, ...] = ()


class AccessRules:
    """Every one of *scopes*, and every rule of *claims*.

    Args: claims: by claim, a value that it must be (or hold, if it is a list), or several of which one is enough.
    """

    __slots__ = ("_claims", "_needed", "_scopes")

    def __init__(self, scopes: Iterable[str] = (), claims: Mapping[str, ClaimRule] | None = None) -> None:
        self._scopes = tuple(dict.fromkeys(scopes))
        self._needed = frozenset(self._scopes)
        self._claims = tuple((path, _wanted(rule)) for path, rule in (claims or {}).items())

    @property
    def is_empty(self) -> bool:
        """Whether every identity passes."""
        return not (self._scopes or self._claims)

    def denial(self, identity: Identity) -> Denial | None:
        """Why *identity* may not pass, or None when it may."""
        if not self._needed <= identity.scopes:
            missing = [scope for scope in self._scopes if scope not in identity.scopes]
            return Denial(f"missing scope: {' '.join(missing)}", self._scopes)
        for path, wanted in self._claims:
            if wanted.isdisjoint(_typed(claim_of(identity.claims, path))):
                return Denial(f"the claim {path} does not allow it")
        return None


def _wanted(rule: ClaimRule) -> frozenset[_Typed]:
    values = rule if isinstance(rule, tuple) else (rule,)
    return frozenset((type(value), value) for value in values)


def _typed(claim: Any) -> Iterable[_Typed]:
    values = claim if isinstance(claim, (list, tuple)) else (claim,)
    return [(type(value), value) for value in values if isinstance(value, (str, int))]
