"""What the YAML may say about the store.

In: ``StoreConfig``. Not in: the stores.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import ExistingFile, Flag, Integer, PositiveDuration, SecretField

REDIS_SCHEMES = frozenset({"redis", "rediss", "unix"})


def short_store(value: Any) -> Any:
    """``memory``, ``shared`` and ``redis://host:6379/0`` alone mean a mapping with that kind."""
    if not isinstance(value, str):
        return value
    scheme = value.partition("://")[0]
    if scheme in {"redis", "rediss"} and "://" in value:
        return {"kind": "redis", "url": value}
    return {"kind": value}


class StoreConfig(ComponentConfig):
    """Where counters live that several workers or machines share."""

    kind: Literal["memory", "shared", "redis"] = Field(
        description="memory: in this process; shared: for all workers of this machine; redis: for many machines."
    )
    keys: Annotated[Integer, Field(ge=1000)] = Field(
        default=200_000, description="memory, shared: most keys at once; the ones idle for longest leave first."
    )
    path: str | None = Field(
        default=None,
        description="shared: the file that holds them, so that quotas survive a restart. Default: one in memory.",
    )
    url: str | None = Field(default=None, description="redis: `redis://host:6379/0`, or `rediss://` with TLS.")
    username: str | None = Field(default=None, description="redis: the user to log in as.")
    password: SecretField | None = Field(default=None, description="redis: the password; never part of the URL.")
    ca: ExistingFile | None = Field(default=None, description="redis: authorities to believe instead of the system's.")
    verify: Flag = Field(default=True, description="redis: whether the certificate must be valid.")
    timeout: PositiveDuration = Field(default=0.05, description="redis: how long an answer may take.")
    prefix: str = Field(default="vizgate:", description="redis: what every key begins with.")
    persist: str | None = Field(
        default=None, description="memory: a file that keeps the counters over a restart, written in the background."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.kind == "redis" and (self.url is None or urlsplit(self.url).scheme not in REDIS_SCHEMES):
            raise ValueError("a redis store needs a url. Write redis://host:6379/0")
        return self
