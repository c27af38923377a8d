"""The ``fallback`` of a route: what answers when its service cannot.

In: settings. Not in: acting on them (``pipeline.fallback``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.config.model.base import ConfigModel
from vizgate.extension.values.fields import Integer, Size
from vizgate.transform.config import RespondConfig
from vizgate.units import KIB

FallbackReason = Literal["open", "no_target", "overloaded", "connect_failure", "reset", "timeout", "invalid"]
_Status = Annotated[Integer, Field(ge=400, le=599)]


class FallbackConfig(ConfigModel):
    """Another service, or a fixed answer."""

    service: str | None = Field(
        default=None,
        min_length=1,
        description="Who is asked instead, if that can do no harm: an idempotent request with a short body, or"
        " one of which nothing was sent.",
    )
    buffer: Size = Field(
        default=64 * KIB, description="The longest request body that is kept to be sent to the other service."
    )
    respond: RespondConfig | None = Field(default=None, description="What is answered instead.")
    on: Annotated[tuple[FallbackReason | _Status, ...], Field(min_length=1)] = Field(
        default=(502, 503, 504),
        description="When: statuses, whether the service or the gateway itself would answer with them, and reasons.",
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if (self.service is None) == (self.respond is None):
            raise ValueError("a fallback is one of service and respond. Write one of them")
        if self.respond is not None and "buffer" in self.model_fields_set:
            raise ValueError("buffer has no effect with respond. Remove it")
        return self
