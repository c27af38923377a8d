"""What the YAML may say about the store.

In: ``StoreConfig``: one model for each kind, the short forms, and which store it is when nothing is said. Not in: the
stores.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Discriminator, Field, Tag, model_validator

from vizgate.extension.contract import PluginConfig
from vizgate.extension.kinds.store_component import StoreConfigBase
from vizgate.extension.values.fields import ExistingFile, Flag, Integer, NewFile, PositiveDuration, SecretField
from vizgate.store.address import parse_address

#: What ``kind`` may say without a plugin.
BUILT_IN_STORES = ("memory", "shared", "redis")

_URL_SCHEMES = ("redis://", "rediss://", "unix:")
# The name of a plugin, or an import path.
_KIND = re.compile(r"[\w.\-]+(?::[\w.]+)?")


def short_store(value: Any) -> Any:
    """``memory``, ``shared`` and ``redis://host:6379/0`` alone mean a mapping with that kind."""
    if not isinstance(value, str):
        return value
    if value.startswith(_URL_SCHEMES):
        return {"kind": "redis", "url": value}
    if value and _KIND.fullmatch(value) is None:
        # Not shown: it is a URL of another kind as a rule, and many of those hold a password.
        raise ValueError("is no store. Write memory, shared, redis://host:6379/0, rediss://... or unix:/run/redis.sock")
    return {"kind": value}


class MemoryStoreConfig(StoreConfigBase):
    """In this process."""

    kind: Literal["memory"] = Field(description="In this process.")
    keys: Annotated[Integer, Field(ge=1000, le=100_000_000)] = Field(
        default=200_000,
        description="memory: most keys at once; what has expired leaves first, then what was idle for longest.",
    )
    persist: NewFile | None = Field(
        default=None,
        description="A file that keeps the counters over a restart; written in the background and at the end.",
    )


class SharedStoreConfig(StoreConfigBase):
    """In memory that all workers of this machine share."""

    kind: Literal["shared"] = Field(description="In memory that all workers of this machine share.")
    keys: Annotated[Integer, Field(ge=1000, le=100_000_000)] = Field(
        default=200_000,
        description="shared: room for about so many keys, 132 bytes each; then what was idle for longest leaves.",
    )
    path: NewFile | None = Field(
        default=None, description="A file for them, so that they survive a restart. Default: one that has no name."
    )


def _checked_url(url: str) -> str:
    parse_address(url)
    return url


class RedisStoreConfig(StoreConfigBase):
    """In Redis or Valkey, for many machines."""

    kind: Literal["redis"] = Field(description="In Redis or Valkey, for many machines.")
    url: Annotated[str, AfterValidator(_checked_url)] = Field(
        description="`redis://host:6379/0`, `rediss://` with TLS, or `unix:/run/redis.sock?db=0`."
    )
    username: str | None = Field(default=None, description="The user to log in as.")
    password: SecretField | None = Field(default=None, description="The password; never part of the URL.")
    ca: ExistingFile | None = Field(default=None, description="Authorities to believe instead of the system's.")
    verify: Flag = Field(default=True, description="Whether the certificate must be valid.")
    timeout: PositiveDuration = Field(
        default=0.05, description="How long an answer may take, or the next one while answers keep coming."
    )
    prefix: str = Field(default="vizgate:", max_length=200, description="What every key begins with.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.username is not None and self.password is None:
            raise ValueError("username without password. Write password: ${NAME}, too")
        if not parse_address(self.url).has_tls and (self.ca is not None or not self.verify):
            raise ValueError("ca and verify are about TLS. Write rediss:// in url, or remove them")
        return self


class PluginStoreConfig(PluginConfig):
    """A store of one's own; its class says which other keys there are."""

    kind: str = Field(
        min_length=1,
        description="The name of an installed plugin, or `package.module:Class`.",
        json_schema_extra={"not": {"enum": list(BUILT_IN_STORES)}},
    )


def _kind_of(value: Any) -> str:
    kind = value.get("kind") if isinstance(value, dict) else getattr(value, "kind", None)
    return kind if kind in BUILT_IN_STORES else "plugin"


AnyStoreConfig = Annotated[
    Annotated[MemoryStoreConfig, Tag("memory")]
    | Annotated[SharedStoreConfig, Tag("shared")]
    | Annotated[RedisStoreConfig, Tag("redis")]
    | Annotated[PluginStoreConfig, Tag("plugin")],
    Discriminator(_kind_of),
]

#: Where counters live that several workers or machines share.
StoreConfig = Annotated[AnyStoreConfig, BeforeValidator(short_store, json_schema_input_type=str | AnyStoreConfig)]


def default_store(workers: int | str) -> MemoryStoreConfig | SharedStoreConfig:
    """The store of a gateway that names none: whatever several workers count, they count together."""
    return MemoryStoreConfig(kind="memory") if workers == 1 else SharedStoreConfig(kind="shared")
