"""What the YAML may say about targets in a file.

In: settings. Not in: reading it (``discovery.file.source``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.extension.kinds.discovery import DiscoveryConfig
from vizgate.extension.values.fields import Integer, NewFile, PositiveDuration, Size
from vizgate.units import MIB


class FileDiscoveryConfig(DiscoveryConfig):
    """``kind: file``: a list in a file, JSON or YAML, that may change at any time."""

    kind: Literal["file"] = Field(description="A list in a file.")
    path: NewFile = Field(description="The file; `.json` is read as JSON, anything else as YAML.")
    at: str = Field(
        default="", pattern=r"^[^.]*(\.[^.]+)*$", description="Where the list is in it, as `data.instances`."
    )
    scheme: Literal["http", "https"] = Field(default="http", description="Of targets that do not say theirs.")
    port: Annotated[Integer, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Of targets that do not say theirs."
    )
    interval: Annotated[PositiveDuration, Field(ge=0.05)] = Field(
        default=0.5, description="How often is looked whether it has changed."
    )
    limit: Annotated[Size, Field(ge=1)] = Field(default=4 * MIB, description="A longer file is not read.")
