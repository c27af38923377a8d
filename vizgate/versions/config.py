"""What the YAML may say about the life of API versions.

In: ``VersionConfig``. Not in: what it means for a request (``versions.rule``).
"""

from __future__ import annotations

from datetime import date
from typing import Self

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig


class VersionConfig(ComponentConfig):
    """One version of the API, the ``{version}`` of ``/api/v{version}/``."""

    deprecated: date | None = Field(default=None, description="From this day on answers say that it is deprecated.")
    sunset: date | None = Field(default=None, description="From this day on it is gone: 410.")
    successor: str | None = Field(default=None, min_length=1, description="Where its successor is: a path or a URL.")
    documentation: str | None = Field(default=None, min_length=1, description="A page about the change.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.deprecated is not None and self.sunset is not None and self.sunset < self.deprecated:
            # RFC 9745 3: "The timestamp given in the Sunset header field MUST NOT be earlier than the one given in
            # Deprecation".
            raise ValueError("sunset is before deprecated. A version is deprecated first")
        return self
