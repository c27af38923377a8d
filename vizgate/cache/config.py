"""``use: cache`` in the YAML.

In: settings. Not in: acting on them (``cache.middleware``).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.fields import Duration, Flag, Size
from vizgate.units import KIB, MIB, format_size


class CacheConfig(MiddlewareConfig):
    """Keeps answers as RFC 9111 lets a shared cache, and gives them to who asks next."""

    ttl: Duration = Field(
        default=0.0,
        description="How long an answer is fresh that says nothing about that itself, for requests without "
        "credentials and cookies. 0: such answers are not stored.",
    )
    stale_while_revalidate: Duration = Field(
        default=0.0,
        description="How long a stale answer may still be given while the service is asked again, where it does not "
        "say itself (RFC 5861).",
    )
    stale_if_error: Duration = Field(
        default=0.0,
        description="How long a stale answer may still be given because the service fails, where it does not say "
        "itself (RFC 5861).",
    )
    size: Size = Field(
        default=64 * MIB,
        description="The most memory that the zone takes up, in each worker; of several sizes the largest counts.",
    )
    max_object: Size = Field(default=1 * MIB, description="A longer answer is passed on without being stored.")
    zone: str = Field(
        default="default",
        min_length=1,
        max_length=100,
        description="Routes with the same zone share its memory, and invalidate each other's answers.",
    )
    request_directives: Flag = Field(
        default=True,
        description="Whether Cache-Control of a request is heard; without it no client can go past the cache.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.size < 64 * KIB:
            raise ValueError("size is too small to hold anything. Write at least 64KiB")
        if not 0 < self.max_object <= self.size:
            raise ValueError(f"max_object must be more than 0 and at most size, which is {format_size(self.size)}")
        return self
