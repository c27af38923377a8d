"""What the YAML may say about identity from client certificates.

In: ``MtlsConfig``. Not in: the handshake (``transport``) and reading a certificate (``auth.mtls.authenticator``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from vizgate.auth.fields import Strings
from vizgate.auth.mtls.names import NameKind, NamePatterns
from vizgate.extension.contract import ComponentConfig
from vizgate.extension.kinds.authenticator import AuthenticatorConfig


def _patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    NamePatterns(patterns)
    return patterns


class SubjectConfig(ComponentConfig):
    """Tier and scopes of one subject."""

    tier: str = Field(default="", description="The line of a limit's tiers.")
    scopes: tuple[str, ...] = Field(default=(), description="What the subject may do.")


class MtlsConfig(AuthenticatorConfig):
    """``kind: mtls``: the certificate that the listener has verified names the caller."""

    kind: Literal["mtls"] = Field(description="Client certificates.")
    user: NameKind = Field(
        default="common_name",
        description="What of the certificate names the user: its subject or the first name of a kind.",
    )
    allow: Annotated[Strings, AfterValidator(_patterns)] = Field(
        default=(), description="The users that are let in, one `*` in each for any text; empty for every one."
    )
    subjects: dict[str, SubjectConfig] = Field(default_factory=dict, description="Tier and scopes by user.")
