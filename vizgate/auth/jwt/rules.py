"""What must be true of a token besides its signature (RFC 7519 4.1).

In: ``TokenRules``: who, for whom, and when. Not in: signatures (``auth.jwt.keys``) and whose token it is
(``auth.jwt.claims``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import inf, isfinite
from typing import Any, NamedTuple

from vizgate.extension.kinds.authenticator import CredentialRefused


class Validity(NamedTuple):
    """From when (included) to when (excluded) a token may be believed, wall-clock seconds; no leeway in the end."""

    from_s: float
    until_s: float


@dataclass(frozen=True, slots=True)
class TokenRules:
    """What claims must say.

    Args: issuers: whom a token may come from; empty for anybody. audiences: whom it must be meant for; empty: for
    nobody in particular; None: whoever that is. required: claims that must be there. leeway_s: how far clocks differ.
    """

    issuers: frozenset[str] = frozenset()
    audiences: frozenset[str] | None = frozenset()
    required: tuple[str, ...] = ()
    leeway_s: float = 0.0

    def check(self, claims: Mapping[str, Any], now_s: float) -> Validity:
        """When *claims* hold. Raises: CredentialRefused: they do not at *now_s*."""
        for name in self.required:
            if claims.get(name) is None:
                raise CredentialRefused(f"the token has no {name}")
        self._check_origin(claims)
        expires_s = _moment(claims, "exp", inf)
        starts_s = max(_moment(claims, "nbf", -inf), _moment(claims, "iat", -inf)) - self.leeway_s
        # RFC 7519 4.1.4: "on or after which the JWT MUST NOT be accepted".
        if now_s >= expires_s + self.leeway_s:
            raise CredentialRefused("the token has expired")
        if now_s < starts_s:
            raise CredentialRefused("the token is not valid yet")
        return Validity(starts_s, expires_s)

    def _check_origin(self, claims: Mapping[str, Any]) -> None:
        issuer = claims.get("iss")
        if self.issuers and not (isinstance(issuer, str) and issuer in self.issuers):
            raise CredentialRefused("the token is from another issuer")
        subject = claims.get("sub")
        if subject is not None and not isinstance(subject, str):
            raise CredentialRefused("the token's sub is no text")
        if self.audiences is not None:
            self._check_audience(claims.get("aud"), self.audiences)

    @staticmethod
    def _check_audience(audience: Any, wanted: frozenset[str]) -> None:
        meant = [audience] if isinstance(audience, str) else audience
        if meant is None and not wanted:
            return
        # RFC 7519 4.1.3: who does not identify itself with a value of aud MUST reject the token.
        if not isinstance(meant, list) or not any(isinstance(one, str) and one in wanted for one in meant):
            raise CredentialRefused("the token is meant for somebody else")


def _moment(claims: Mapping[str, Any], name: str, default: float) -> float:
    value = claims.get(name)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise CredentialRefused(f"the token's {name} is no number")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = inf
    if not isfinite(seconds):
        raise CredentialRefused(f"the token's {name} is no time")
    return seconds
