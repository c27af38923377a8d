"""What the YAML may say about cross-origin requests.

In: ``CorsConfig``. Not in: answering them (``cors.rule``).
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.field_names import FieldName
from vizgate.extension.fields import Duration, Flag

_ORIGIN = re.compile(r"\*|null|https?://(\*\.)?[A-Za-z0-9.\-]+(:\d{1,5})?|[a-z][a-z0-9+.\-]*://[A-Za-z0-9.\-]+")


def _origin(text: str) -> str:
    if _ORIGIN.fullmatch(text) is None:
        raise ValueError(f"{text!r} is not an origin. Write https://app.example.com, https://*.example.com or *")
    return text


class CorsConfig(ComponentConfig):
    """Which pages of other origins may read the answers."""

    origins: Annotated[tuple[Annotated[str, AfterValidator(_origin)], ...], Field(min_length=1)] = Field(
        description="Origins, `https://*.example.com` for every subdomain, or `*` for all."
    )
    methods: tuple[str, ...] = Field(default=("GET", "HEAD", "POST"), description="Methods that a preflight allows.")
    headers: tuple[FieldName, ...] = Field(default=(), description="Request fields that a preflight allows.")
    expose: tuple[FieldName, ...] = Field(default=(), description="Response fields that a page may read.")
    credentials: Flag = Field(default=False, description="Whether cookies and credentials may come along.")
    max_age: Duration = Field(default=600.0, description="How long a browser may remember a preflight.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        # Fetch standard, CORS protocol: with credentials "*" is no wildcard, and a browser refuses it.
        if self.credentials and "*" in self.origins:
            raise ValueError("credentials cannot go to every origin. List the origins")
        return self
