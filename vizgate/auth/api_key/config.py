"""What the YAML may say about API keys.

In: ``ApiKeyConfig`` and ``KeyConfig``. Not in: looking keys up (``auth.api_key.table``).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.kinds.authenticator import AuthenticatorConfig
from vizgate.extension.values.field_names import ShownFieldName
from vizgate.extension.values.fields import ExistingFile, Flag, PositiveDuration, SecretField

# The three dots are those of examples and of tickets, where nobody writes all 64 digits.
_ABBREVIATED = "..."
_HASH = r"^(sha256|hmac-sha256):([0-9a-f]{64}|[0-9a-f]{1,60}\.\.\.)$"
_is_hash = re.compile(_HASH).match


def _key_hash(text: str) -> str:
    # Not a pattern of pydantic: its message shows the text, which may be the key itself.
    if _is_hash(text) is None:
        raise ValueError("must be 'sha256:' or 'hmac-sha256:' and 64 hex digits. `vizgate keys hash` makes it")
    return text


KeyHash = Annotated[str, AfterValidator(_key_hash), WithJsonSchema({"type": "string", "pattern": _HASH})]


class KeyConfig(ComponentConfig):
    """One key, as ``vizgate keys new`` prints it; the key itself stands nowhere."""

    id: str = Field(min_length=1, max_length=200, description="Names the key in logs; unique.")
    hash: KeyHash = Field(
        description="`sha256:` and the digest of the key; with a pepper `hmac-sha256:` and the keyed digest. One that "
        "is cut short, as in `sha256:2bb8...`, is the hash of no key."
    )
    user: str = Field(min_length=1, description="Whose key it is.")
    tier: str = Field(default="", description="The line of a limit's tiers.")
    scopes: tuple[str, ...] = Field(default=(), description="What the key may do.")
    created: date | None = Field(
        default=None, description="When it was made; a key older than 90 days is warned about."
    )
    expires: date | None = Field(default=None, description="It is refused from the end of this day on (UTC).")
    disabled: Flag = Field(default=False, description="Whether it is refused.")

    @property
    def is_abbreviated(self) -> bool:
        """Whether the hash has been cut short, so that no key has it: the entry stands for one, and lets nobody in."""
        return self.hash.endswith(_ABBREVIATED)


class ApiKeyConfig(AuthenticatorConfig):
    """``kind: api_key``: a secret of high entropy in a header field."""

    kind: Literal["api_key"] = Field(description="API keys.")
    header: ShownFieldName = Field(default="X-API-Key", description="The field that carries the key.")
    keys: tuple[KeyConfig, ...] = Field(default=(), description="The keys.")
    keys_file: ExistingFile | None = Field(
        default=None, description="A YAML file with a list of keys, read again when it changes."
    )
    pepper: SecretField | None = Field(
        default=None, description="Makes the hashes keyed, so that whoever steals them cannot try keys."
    )
    max_age: PositiveDuration = Field(default=90 * 86_400.0, description="A key older than this is warned about.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.keys and self.keys_file is None:
            raise ValueError("there are neither keys nor keys_file. `vizgate keys new` prints a key and its entry")
        refuse_unfit(self.keys, has_pepper=self.pepper is not None)
        return self


def refuse_unfit(keys: Sequence[KeyConfig], *, has_pepper: bool) -> None:
    """Raises: ValueError: *keys* cannot stand in one table, or some could never be found without a pepper."""
    for what, values in (("id", [key.id for key in keys]), ("hash", [key.hash for key in keys])):
        double = [value for value, count in Counter(values).items() if count > 1]
        if double:
            owners = [key.id for key in keys if key.hash == double[0]] if what == "hash" else double
            raise ValueError(f"two keys have the same {what}: {', '.join(owners)}. Remove one of them")
    if not has_pepper:
        keyed = [key.id for key in keys if key.hash.startswith("hmac-")]
        if keyed:
            raise ValueError(f"the hash of {keyed[0]} was made with a pepper, and there is none. Write pepper")
