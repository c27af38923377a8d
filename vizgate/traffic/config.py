"""What the YAML may say about splits, mirrors and faults.

In: ``SplitEntryConfig``, ``MirrorConfig``, ``FaultConfig``. Not in: acting on them (the modules beside this).
"""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.field_names import FieldName
from vizgate.extension.fields import Duration, Integer, SecretField, Size
from vizgate.units import KIB


class SplitEntryConfig(ComponentConfig):
    """One way of a split."""

    service: str = Field(min_length=1, description="Where these requests go.")
    weight: Annotated[Integer, Field(ge=0, le=10_000)] = Field(
        default=0, description="Its share, relative to the others."
    )
    header: dict[FieldName, str] = Field(
        default_factory=dict, description="Requests with one of these fields and values always go here."
    )
    cookie: dict[str, str] = Field(
        default_factory=dict, description="Requests with one of these cookies and values always go here."
    )


class MirrorConfig(ComponentConfig):
    """A copy of some requests goes to another service, too; its answers are dropped."""

    service: str = Field(min_length=1, description="Where the copies go.")
    percent: Annotated[float, Field(gt=0, le=100)] = Field(
        default=100, description="How many of 100 requests are copied."
    )
    body_limit: Size = Field(default=64 * KIB, description="A request with a longer body is not copied.")
    in_flight: Annotated[Integer, Field(ge=1)] = Field(
        default=64, description="Most copies at once; more are not sent."
    )
    timeout: Duration = Field(default=5.0, description="A copy that takes longer is given up.")


class FaultConfig(ComponentConfig):
    """Faults made on purpose, to see who copes with them."""

    percent: Annotated[float, Field(gt=0, le=100)] = Field(default=100, description="How many of 100 requests have it.")
    delay: Duration = Field(default=0.0, description="How long a request waits first.")
    status: Annotated[Integer, Field(ge=400, le=599)] | None = Field(
        default=None, description="It is answered with this."
    )
    abort: bool = Field(default=False, description="Its connection is reset.")
    header: FieldName | None = Field(default=None, description="Only requests with this field have it...")
    secret: SecretField | None = Field(default=None, description="...and this value in it.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.delay and self.status is None and not self.abort:
            raise ValueError("a fault has none of delay, status and abort. Write one")
        if self.status is not None and self.abort:
            raise ValueError("status and abort exclude each other. Keep one")
        if (self.header is None) != (self.secret is None):
            raise ValueError("header and secret belong together. Write both")
        return self
