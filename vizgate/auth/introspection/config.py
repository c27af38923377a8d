"""What the YAML may say about token introspection.

In: ``IntrospectionConfig``. Not in: asking (``auth.introspection.authenticator``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.auth.fields import Strings
from vizgate.auth.jwt.config import TokenClaimsConfig
from vizgate.extension.kinds.authenticator import AuthenticatorConfig
from vizgate.extension.values.fields import Duration, Integer, PositiveDuration, SecretField, Size
from vizgate.extension.values.urls import HttpUrl
from vizgate.units import KIB


class IntrospectionConfig(AuthenticatorConfig):
    """``kind: oauth2_introspection``: opaque bearer tokens, answered for by the authorization server (RFC 7662)."""

    kind: Literal["oauth2_introspection"] = Field(description="OAuth 2.0 token introspection.")
    endpoint: HttpUrl = Field(description="The server's introspection endpoint.")
    client_id: str = Field(min_length=1, description="The gateway's own name at the server.")
    client_secret: SecretField = Field(description="The gateway's own secret there.")
    cache_ttl: Duration = Field(
        default=30.0, description="How long an answer is believed, never past the token's `exp`. 0 asks every time."
    )
    negative_ttl: Duration = Field(default=5.0, description="How long a refusal is remembered.")
    cache: Integer = Field(default=10_000, ge=0, description="How many answers are remembered.")
    timeout: PositiveDuration = Field(default=3.0, description="How long the server may take. Over it: 503.")
    concurrency: Integer = Field(default=64, ge=1, description="Most questions at once. Over it: 503.")
    issuer: Strings = Field(default=(), description="Who may have issued a token, if the answer tells.")
    audience: Strings = Field(default=(), description="Whom a token must be meant for.")
    claims: TokenClaimsConfig = Field(
        default=TokenClaimsConfig(), description="Which members of the answer become the identity."
    )
    max_token: Annotated[Size, Field(ge=256)] = Field(default=8 * KIB, description="A longer token is refused unasked.")
