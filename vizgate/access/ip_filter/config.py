"""What the YAML may say under ``use: ip_filter``.

In: ``IpFilterConfig``. Not in: the decision (``access.ip_filter.networks``).
"""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from vizgate.access.ip_filter.networks import as_seen
from vizgate.extension.contract import MiddlewareConfig
from vizgate.extension.values.network import NetworkField


class IpFilterConfig(MiddlewareConfig):
    """Which addresses requests may come from: the longest prefix that an address is in decides.

    An address in none of the networks is let in if there is no ``allow``.
    """

    allow: tuple[NetworkField, ...] = Field(default=(), description="Networks and addresses that are let in.")
    deny: tuple[NetworkField, ...] = Field(default=(), description="Networks and addresses that are not.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.allow and not self.deny:
            raise ValueError("nothing to filter. Write allow, deny or both")
        both = {*map(as_seen, self.allow)} & {*map(as_seen, self.deny)}
        if both:
            raise ValueError(f"{min(map(str, both))} is both in allow and in deny. Keep one of them")
        return self
