"""What the YAML may say about authentication.

In: ``AuthConfig`` (one entry under ``auth``), what a route may ask of an identity, and the fields that carry one. Not
in: the settings of each kind (the folder of that kind).
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from vizgate.auth.api_key.config import ApiKeyConfig
from vizgate.auth.basic.config import BasicConfig
from vizgate.auth.forward.config import ForwardAuthConfig
from vizgate.auth.introspection.config import IntrospectionConfig
from vizgate.auth.jwt.config import JwtConfig
from vizgate.auth.mtls.config import MtlsConfig
from vizgate.extension.contract import ComponentConfig, PluginConfig
from vizgate.extension.values.field_names import RequestFieldName

#: What ``kind`` may say without a plugin.
BUILT_IN_KINDS = ("jwt", "api_key", "oauth2_introspection", "basic", "forward_auth", "mtls")


class PluginAuthConfig(PluginConfig):
    """An authenticator of one's own; its class says which other keys there are."""

    kind: str = Field(
        min_length=1,
        description="The name of an installed plugin, or `package.module:Class`.",
        json_schema_extra={"not": {"enum": list(BUILT_IN_KINDS)}},
    )


def _kind_of(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in BUILT_IN_KINDS else "plugin"


AuthConfig = Annotated[
    Annotated[JwtConfig, Tag("jwt")]
    | Annotated[ApiKeyConfig, Tag("api_key")]
    | Annotated[IntrospectionConfig, Tag("oauth2_introspection")]
    | Annotated[BasicConfig, Tag("basic")]
    | Annotated[ForwardAuthConfig, Tag("forward_auth")]
    | Annotated[MtlsConfig, Tag("mtls")]
    | Annotated[PluginAuthConfig, Tag("plugin")],
    Discriminator(_kind_of),
]

ClaimValue = str | int | bool

#: What a claim must be, or hold when it is a list: one value, or one of several.
ClaimRule = ClaimValue | tuple[ClaimValue, ...]


class IdentityHeadersConfig(ComponentConfig):
    """The fields that tell a service who the caller is. A client's own of these names never pass, on any route."""

    user: RequestFieldName | None = Field(default=None, description="Carries the user.")
    tier: RequestFieldName | None = Field(default=None, description="Carries the tier.")
    scopes: RequestFieldName | None = Field(default=None, description="Carries the scopes, with spaces between.")
    credential: RequestFieldName | None = Field(default=None, description="Carries the id of the key or token.")
    authenticator: RequestFieldName | None = Field(default=None, description="Carries the name of the authenticator.")
    claims: dict[str, RequestFieldName] = Field(
        default_factory=dict, description="By claim: the field that carries it."
    )

    @property
    def names(self) -> tuple[str, ...]:
        """Every field that is the gateway's own."""
        single = (self.user, self.tier, self.scopes, self.credential, self.authenticator)
        return (*(name for name in single if name is not None), *self.claims.values())
