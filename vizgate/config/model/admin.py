"""Tokens of the admin API.

In: ``AdminTokenConfig``. Not in: checking them (``gateway.admin.tokens``) and where the API listens
(``config.model.server``).
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from vizgate.config.model.base import ConfigModel
from vizgate.extension.values.fields import Secret, SecretField

_HASH = r"^sha256:[0-9a-f]{64}$"
_is_hash = re.compile(_HASH).match
# RFC 9110 5.5: what may stand in a field; a space would end it (RFC 6750 2.1).
_is_token = re.compile(r"[\x21-\x7e]{1,1024}").fullmatch
#: A shorter token might be found by trying.
SAFE_LENGTH = 16


def _sendable(secret: Secret) -> Secret:
    if _is_token(secret.reveal()) is None:
        raise ValueError("a token is 1 to 1024 visible ASCII characters without spaces. `vizgate keys new` makes one")
    return secret


def _token_hash(text: str) -> str:
    # Not a pattern of pydantic: its message shows the text, which may be the token itself.
    if _is_hash(text) is None:
        raise ValueError("must be 'sha256:' and 64 hex digits. `vizgate keys hash` makes it")
    return text


AdminTokenField = Annotated[SecretField, AfterValidator(_sendable)]
TokenHash = Annotated[str, AfterValidator(_token_hash), WithJsonSchema({"type": "string", "pattern": _HASH})]


class AdminTokenConfig(ConfigModel):
    """One token: itself, or its hash."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.@\-]{0,99}$", description="Who shows it, for the audit log; unique."
    )
    token: AdminTokenField | None = Field(default=None, description="The token, usually `${NAME}` or `{file: path}`.")
    hash: TokenHash | None = Field(
        default=None, description="`sha256:` and the digest of the token, as `vizgate keys new` prints it."
    )
    role: Literal["reader", "operator"] = Field(
        default="reader", description="A reader looks at everything; an operator changes it, too."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.token is None) == (self.hash is None):
            raise ValueError("an entry has either token or hash. Write one of them")
        return self


def unlike(entries: tuple[AdminTokenConfig, ...]) -> tuple[AdminTokenConfig, ...]:
    """*entries*, whose names differ. Raises: ValueError: two have the same."""
    double = [name for name, count in Counter(entry.name for entry in entries).items() if count > 1]
    if double:
        raise ValueError(f"two tokens have the name {double[0]}. Give each its own")
    return entries
