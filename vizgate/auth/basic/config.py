"""What the YAML may say about user names and passwords.

In: ``BasicConfig``. Not in: checking passwords (``auth.basic.authenticator``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.extension.authenticator import AuthenticatorConfig
from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import Duration, Integer

PasswordHash = Annotated[str, Field(pattern=r"^\$argon2(id|i)\$")]


class UserConfig(ComponentConfig):
    """One user."""

    password_hash: PasswordHash = Field(
        description="The argon2 hash of the password, as `vizgate keys password` prints it."
    )
    tier: str = Field(default="", description="The line of a limit's tiers.")
    scopes: tuple[str, ...] = Field(default=(), description="What the user may do.")


class BasicConfig(AuthenticatorConfig):
    """``kind: basic``: user name and password (RFC 7617); for few users: each check costs a tenth of a second."""

    kind: Literal["basic"] = Field(description="User name and password.")
    users: Annotated[dict[str, UserConfig], Field(min_length=1)] = Field(description="The users, by name.")
    realm: str = Field(
        default="vizgate", pattern=r"^[ !#-\[\]-~]{1,100}$", description="What the browser tells its user."
    )
    cache_ttl: Duration = Field(default=60.0, description="How long a good password is remembered, as a keyed hash.")
    concurrency: Integer = Field(default=2, ge=1, le=64, description="Most checks at once.")
    queue: Integer = Field(default=32, ge=0, description="Most checks that wait. Over it: 503.")
