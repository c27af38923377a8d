"""What the YAML may say about targets that another server lists.

In: settings. Not in: asking it (``discovery.http.source``).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from vizgate.extension.kinds.discovery import DiscoveryConfig
from vizgate.extension.values.field_names import RequestFieldName
from vizgate.extension.values.fields import ExistingFile, Integer, PositiveDuration, SecretField, Size
from vizgate.extension.values.urls import HttpUrl
from vizgate.units import MIB


class HttpDiscoveryConfig(DiscoveryConfig):
    """``kind: http``: a list in a JSON document that another server gives."""

    kind: Literal["http"] = Field(description="A list in a JSON document of another server.")
    url: HttpUrl = Field(description="Where it is; redirects are not followed.")
    interval: Annotated[PositiveDuration, Field(ge=0.1)] = Field(default=10.0, description="How often it is asked for.")
    timeout: PositiveDuration = Field(default=5.0, description="How long the server may take.")
    limit: Annotated[Size, Field(ge=1)] = Field(default=4 * MIB, description="A longer answer is a failure.")
    at: str = Field(
        default="", pattern=r"^[^.]*(\.[^.]+)*$", description="Where the list is in the document, as `data.instances`."
    )
    token: SecretField | None = Field(
        default=None, description="Sent with every question: as `Authorization: Bearer TOKEN`, or see `token_header`."
    )
    token_header: RequestFieldName | None = Field(
        default=None, description="The field that carries `token`, as it is, instead of Authorization."
    )
    ca: ExistingFile | None = Field(
        default=None, description="PEM file of the authorities to believe instead of the system's."
    )
    scheme: Literal["http", "https"] = Field(default="http", description="Of targets that do not say theirs.")
    port: Annotated[Integer, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Of targets that do not say theirs."
    )
