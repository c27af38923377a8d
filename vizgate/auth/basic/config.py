"""What the YAML may say about user names and passwords.

In: ``BasicConfig``. Not in: checking passwords (``auth.basic.authenticator``).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, WithJsonSchema

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.kinds.authenticator import AuthenticatorConfig
from vizgate.extension.values.fields import Duration, Integer

# The PHC string format; the bounds keep a slip of the pen from costing all memory of the machine.
_HASH = (
    r"^\$argon2(id|i)\$v=19\$m=[1-9][0-9]{0,6},t=[1-9][0-9]{0,2},p=[1-9][0-9]{0,2}"
    r"\$[A-Za-z0-9+/]{11,86}\$[A-Za-z0-9+/]{16,172}$"
)
_is_hash = re.compile(_HASH).match


def _password_hash(text: str) -> str:
    # Not a pattern of pydantic: its message shows the text, which may be the password itself.
    if _is_hash(text) is None:
        raise ValueError("is not an argon2 hash. `vizgate keys password` makes one")
    return text


PasswordHash = Annotated[str, AfterValidator(_password_hash), WithJsonSchema({"type": "string", "pattern": _HASH})]


def _user_name(text: str) -> str:
    # RFC 7617 2: in the field a colon ends the name.
    if not text or ":" in text or not text.isprintable():
        raise ValueError("the name of a user holds no colon and no control characters. Rename it")
    return text


UserName = Annotated[str, AfterValidator(_user_name)]


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
    users: Annotated[dict[UserName, UserConfig], Field(min_length=1)] = Field(description="The users, by name.")
    realm: str = Field(
        default="vizgate", pattern=r"^[ !#-\[\]-~]{1,100}$", description="What the browser tells its user."
    )
    cache_ttl: Duration = Field(
        default=60.0, description="How long what a client has shown is remembered, as a keyed hash."
    )
    concurrency: Integer = Field(default=2, ge=1, le=64, description="Most checks at once.")
    queue: Integer = Field(default=32, ge=0, description="Most checks that wait. Over it: 503.")
