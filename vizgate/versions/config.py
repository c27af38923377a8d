"""What the YAML may say about the life of API versions.

In: ``VersionConfig``, and what of it one route is told. Not in: what it means for a request (``versions.life``).
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig

# RFC 3986: what may stand in a reference as it is; it will stand between angle brackets in a Link field.
_REFERENCE = re.compile(
    r"(?:https?://[A-Za-z0-9.\-:\[\]]+|/(?!/))(?:[A-Za-z0-9\-._~!$&'()*+,;=:@/?#]|%[0-9A-Fa-f]{2})*"
)


_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _reference(text: str) -> str:
    if _REFERENCE.fullmatch(text) is None:
        raise ValueError(f"{text!r} is no link. Write /api/v2/ or https://docs.example.com/v2")
    return text


def _day(value: Any) -> Any:
    # Pydantic would take a number for seconds since the epoch.
    if isinstance(value, date) or (isinstance(value, str) and _DAY.fullmatch(value)):
        return value
    raise ValueError("must be a day such as 2026-06-01")


_Reference = Annotated[str, AfterValidator(_reference)]
_Day = Annotated[date, BeforeValidator(_day)]


class VersionConfig(ComponentConfig):
    """One version of the API, the ``{version}`` of ``/api/v{version}/``."""

    deprecated: _Day | None = Field(
        default=None, description="From this day on (00:00 UTC) answers say that it is deprecated."
    )
    sunset: _Day | None = Field(default=None, description="From this day on (00:00 UTC) it is gone: 410.")
    successor: _Reference | None = Field(default=None, description="Where its successor is: a path or a URL.")
    documentation: _Reference | None = Field(default=None, description="A page about the change: a path or a URL.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.deprecated is None and self.sunset is None:
            raise ValueError("a version without deprecated and sunset has nothing to tell. Write one, or remove it")
        if self.deprecated is not None and self.sunset is not None and self.sunset < self.deprecated:
            # RFC 9745 4: "The timestamp given in the Sunset HTTP header field MUST NOT be earlier than the one given
            # in the Deprecation header field."
            raise ValueError("sunset is before deprecated. A version is deprecated first")
        return self


class RouteVersionsConfig(ComponentConfig):
    """The versions that requests of one route may be for."""

    versions: dict[str, VersionConfig] = Field(description="By name.")
    fixed: str = Field(default="", description="The version that the route's path names; else each request says it.")
