"""Tokens to identities, with nothing around it: the part that any program can use.

In: ``JwtVerifier``. Not in: fetching keys (``keys.provider``), caching, requests (``auth.jwt.authenticator``).
"""

from __future__ import annotations

from typing import Any, NamedTuple, Self

from vizgate.auth.jwt.claims import IdentityClaims
from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.jwt.keys.key_set import KeySet
from vizgate.auth.jwt.keys.material import key_of_pem, key_of_secret
from vizgate.auth.jwt.rules import TokenRules, Validity
from vizgate.auth.jwt.token import Token, parse
from vizgate.extension.kinds.authenticator import AuthenticationUnavailable, CredentialRefused
from vizgate.message.identity import Identity


class Verified(NamedTuple):
    """A token that was verified. ``validity``: when that is true."""

    identity: Identity
    validity: Validity


class JwtVerifier:
    """Verifies JSON Web Tokens (RFC 7519) by the rules of RFC 8725; does no I/O and reads no clock.

    The algorithm is one of the configured ones before a key is chosen, and the key is one of the configured ones.
    Whatever a token brings along (``jwk``, ``jku``, ``x5u``, ``x5c``) is not looked at.

    ``keys``: may be replaced at any time; None as long as there are none, which is so with ``jwks_url`` and
    ``jwks_file`` until somebody brings them.

    Args: name: the ``authenticator`` of the identities.
    Raises: KeyUnusable: ``secret`` or ``public_key`` cannot be used.
    """

    def __init__(self, config: JwtConfig, *, name: str = "") -> None:
        self._algorithms = frozenset[str](config.algorithms)
        self._max_bytes = config.max_token
        self._types = frozenset(kind.lower().removeprefix("application/") for kind in config.types)
        self._rules = TokenRules(
            frozenset(config.issuer), frozenset(config.audience), tuple(config.require), config.leeway
        )
        names = config.claims
        self._claims = IdentityClaims(names.user, names.tier, names.scopes, name)
        self._name = name
        self.keys: KeySet | None = _fixed_keys(config)

    @classmethod
    def of(cls, **settings: Any) -> Self:
        """A verifier by the settings of ``kind: jwt``, such as ``algorithms=["HS256"], secret="..."``.

        Raises: pydantic.ValidationError: the settings do not fit. KeyUnusable: see the class.
        """
        return cls(JwtConfig.model_validate({"kind": "jwt", **settings}))

    def verify(self, token: bytes | str, now_s: float) -> Identity:
        """Whose *token* it is.

        Args: now_s: wall-clock seconds since the epoch.
        Raises: CredentialRefused: it is not to be believed; the detail says why. AuthenticationUnavailable: there are
        no keys yet.
        """
        return self.verified(token.encode("utf-8", "replace") if isinstance(token, str) else token, now_s).identity

    def verified(self, token: bytes, now_s: float) -> Verified:
        """As ``verify``, and for how long. Raises: as ``verify``; UnknownKey: other keys might make a difference."""
        if len(token) > self._max_bytes:
            raise CredentialRefused(f"the token is over {self._max_bytes} bytes")
        parts = parse(token)
        self._check_signature(parts)
        claims = parts.claims()
        validity = self._rules.check(claims, now_s)
        return Verified(self._claims.identity(claims), validity)

    def _check_signature(self, token: Token) -> None:
        algorithm = token.algorithm
        # RFC 8725 3.1: before any key is looked at. "none" is not among the algorithms, nor could it be.
        if algorithm not in self._algorithms:
            raise CredentialRefused("the token's algorithm is not accepted")
        if self._types and token.type not in self._types:
            raise CredentialRefused("the token is of another type")
        if self.keys is None:
            raise AuthenticationUnavailable(f"auth {self._name}: no keys yet")
        for key in self.keys.candidates(algorithm, token.key_id):
            if key.verifies(algorithm, token.signing_input, token.signature):
                return
        raise CredentialRefused("the token's signature is wrong")

    def __repr__(self) -> str:
        return f"<JwtVerifier {', '.join(sorted(self._algorithms))} [{self.keys!r}]>"


def _fixed_keys(config: JwtConfig) -> KeySet | None:
    algorithms = frozenset[str](config.algorithms)
    if config.secret is not None:
        return KeySet([key_of_secret(config.secret.reveal(), algorithms)])
    if config.public_key is not None:
        return KeySet([key_of_pem(config.public_key.reveal(), algorithms)])
    return None
