"""What the YAML may say about JWT authentication.

In: ``JwtConfig``. Not in: verifying tokens (``auth.jwt.verifier``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.auth.fields import Strings
from vizgate.extension.contract import ComponentConfig
from vizgate.extension.kinds.authenticator import AuthenticatorConfig
from vizgate.extension.values.fields import Duration, ExistingFile, Integer, PositiveDuration, SecretField, Size
from vizgate.extension.values.urls import HttpUrl
from vizgate.units import KIB

CookieName = Annotated[str, Field(pattern=r"^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,200}$")]

Algorithm = Literal[
    "HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"
]


class TokenClaimsConfig(ComponentConfig):
    """Which claims become the identity; a dot leads into a claim that is an object."""

    user: str = Field(default="sub", min_length=1, description="Who it is; a token without this claim is refused.")
    tier: str | None = Field(default=None, min_length=1, description="The line of a limit's tiers.")
    scopes: str = Field(
        default="scope", min_length=1, description="What the caller may do: text with spaces, or a list of texts."
    )


class JwtConfig(AuthenticatorConfig):
    """``kind: jwt``: bearer tokens that are signed with a key this configuration names."""

    kind: Literal["jwt"] = Field(description="JSON Web Tokens.")
    algorithms: Annotated[tuple[Algorithm, ...], Field(min_length=1)] = Field(
        description="The only algorithms that are accepted, whatever a token says."
    )
    secret: SecretField | None = Field(default=None, description="The shared secret, for HS256, HS384 and HS512.")
    public_key: SecretField | None = Field(
        default=None, description="The public key as PEM, usually `{file: key.pem}`, for every other algorithm."
    )
    jwks_url: HttpUrl | None = Field(default=None, description="Where the issuer publishes its keys.")
    jwks_file: ExistingFile | None = Field(default=None, description="A file with the issuer's keys, instead of a URL.")
    jwks_refresh: PositiveDuration = Field(
        default=600.0,
        description="Keys are fetched again after this long, in the background; old ones serve meanwhile.",
    )
    jwks_cooldown: PositiveDuration = Field(
        default=30.0, description="A key id that is unknown makes the keys be fetched again at most once in this time."
    )
    issuer: Strings = Field(default=(), description="Who may have issued a token (`iss`): one text or a list.")
    audience: Strings = Field(
        default=(),
        description="Whom a token must be meant for (`aud`): one text or a list. Empty: a token with `aud` is refused.",
    )
    leeway: Duration = Field(default=30.0, description="How far clocks may differ when `exp` and `nbf` are checked.")
    require: tuple[str, ...] = Field(default=("exp",), description="Claims that must be there.")
    types: Strings = Field(
        default=(), description="What `typ` in the header must be, such as `at+jwt` (RFC 9068); empty for anything."
    )
    claims: TokenClaimsConfig = Field(default=TokenClaimsConfig(), description="Which claims become the identity.")
    cookie: CookieName | None = Field(
        default=None, description="A cookie that may hold the token instead of the Authorization field."
    )
    max_token: Annotated[Size, Field(ge=256)] = Field(default=8 * KIB, description="A longer token is refused unread.")
    cache: Integer = Field(
        default=10_000, ge=0, description="How many verified tokens are remembered, never past their `exp`."
    )
    revocation: Literal["off", "store"] = Field(
        default="off", description="`store`: a token whose `jti` is on the revocation list in the store is refused."
    )
    on_store_failure: Literal["allow", "deny"] = Field(
        default="deny", description="Whether a token passes when the revocation list cannot be asked."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        sources = [key for key in ("secret", "public_key", "jwks_url", "jwks_file") if getattr(self, key) is not None]
        if len(sources) != 1:
            given = " and ".join(sources) or "none"
            raise ValueError(f"a jwt authenticator has one of secret, public_key, jwks_url and jwks_file, not {given}")
        symmetric = [name for name in self.algorithms if name.startswith("HS")]
        if self.secret is not None and len(symmetric) != len(self.algorithms):
            raise ValueError(
                "a secret goes with HS256, HS384 and HS512 only. Use public_key or jwks_url for the others"
            )
        if self.secret is None and symmetric:
            # RFC 8725 3.1: a public key must never be taken for an HMAC secret.
            raise ValueError(f"{symmetric[0]} needs secret: a public key is no secret. Remove it from algorithms")
        self._check_keys()
        return self

    def _check_keys(self) -> None:
        """Keys that are at hand are tried now: a gateway that can believe no token is no use."""
        from vizgate.auth.jwt.keys.key_set import KeySet
        from vizgate.auth.jwt.keys.material import KeyUnusable, key_of_pem, key_of_secret
        from vizgate.auth.jwt.keys.source import read_document

        algorithms = frozenset[str](self.algorithms)
        key = "secret" if self.secret is not None else "public_key" if self.public_key is not None else "jwks_file:"
        try:
            if self.secret is not None:
                key_of_secret(self.secret.reveal(), algorithms)
            elif self.public_key is not None:
                key_of_pem(self.public_key.reveal(), algorithms)
            elif self.jwks_file is not None:
                KeySet.of_document(read_document(self.jwks_file), algorithms)
        except KeyUnusable as exc:
            raise ValueError(f"{key} {exc}") from exc
