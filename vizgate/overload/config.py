"""What the YAML may say about overload.

In: ``OverloadConfig`` (``server.overload``) and the priority of a route. Not in: measuring and deciding (the modules
beside this).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.fields import Integer, PositiveDuration, Size

#: How long a route is served when not all can be: `low` goes first, `critical` last.
Priority = Literal["low", "normal", "high", "critical"]


class OverloadConfig(ComponentConfig):
    """When requests are turned away, those of low priority first, with 503 and Retry-After."""

    loop_lag: PositiveDuration | None = Field(
        default=None,
        description="The event loop runs this late: `low` is turned away; at twice `normal`, at four times `high`.",
    )
    memory: Size | None = Field(
        default=None, description="The process is this large: `low` is turned away; 10 % over it `normal`, 20 % `high`."
    )
    retry_after: Annotated[Integer, Field(ge=1)] = Field(
        default=1, description="Seconds that clients are told to wait."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.loop_lag is None and not self.memory:
            raise ValueError("overload has neither loop_lag nor memory, so it would never begin. Write one")
        return self
