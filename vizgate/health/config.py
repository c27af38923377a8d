"""What the YAML may say about the health of targets.

In: ``HealthConfig`` and its parts. Not in: probing and counting (the modules beside this).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.fields import Duration, Integer, PositiveDuration, Share, Size
from vizgate.units import KIB

Status = Annotated[Integer, Field(ge=100, le=599)]


class ActiveConfig(ComponentConfig):
    """Probes of the gateway's own."""

    kind: Literal["http", "tcp"] = Field(default="http", description="tcp: a connection is enough.")
    path: str = Field(default="/", pattern=r"^/[!-~]*$", description="What is asked for.")
    method: Literal["GET", "HEAD"] = Field(default="GET", description="How.")
    host: str | None = Field(
        default=None, min_length=1, description="The Host of the probe; default: the target's own."
    )
    port: Annotated[Integer, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Another port than that of the target."
    )
    interval: PositiveDuration = Field(default=5.0, description="From probe to probe; a tenth of it is left to chance.")
    timeout: PositiveDuration = Field(default=2.0, description="A probe that takes longer has failed.")
    healthy_after: Annotated[Integer, Field(ge=1)] = Field(default=2, description="Good probes that bring it back.")
    unhealthy_after: Annotated[Integer, Field(ge=1)] = Field(default=3, description="Bad probes that take it out.")
    expect: Annotated[tuple[Status, ...], Field(min_length=1)] = Field(default=(200,), description="Good statuses.")
    body: str | None = Field(
        default=None, min_length=1, description="Text that a good answer holds in its first 64 KiB."
    )
    read_limit: Size = Field(default=64 * KIB, description="How much of an answer is read.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.kind == "tcp":
            more = sorted(self.model_fields_set & {"path", "method", "host", "expect", "body"})
            if more:
                raise ValueError(f"{more[0]} has no effect with kind: tcp. Remove it")
        elif self.body is not None and self.method == "HEAD":
            raise ValueError("an answer to HEAD has no body. Write method: GET")
        return self


class PassiveConfig(ComponentConfig):
    """What traffic shows: a target that fails is taken out for a while."""

    failures: Annotated[Integer, Field(ge=0)] = Field(
        default=5, description="5xx answers and failures one after the other that take it out. 0 does not look at them."
    )
    failure_rate: Share | None = Field(default=None, description="Share of failures within `window` that takes it out.")
    minimum_requests: Annotated[Integer, Field(ge=1)] = Field(default=20, description="Fewer say nothing about a rate.")
    local_failures: Annotated[Integer, Field(ge=0)] = Field(
        default=5, description="As `failures`, for those without an answer: connecting, resets, timeouts."
    )
    window: PositiveDuration = Field(default=30.0, description="How far back failures count.")
    eject_for: PositiveDuration = Field(
        default=30.0, description="How long, times the number of times in a row; at most ten times."
    )
    max_ejected: Share = Field(default=0.5, description="Largest share of the targets that may be out at once.")


class HealthConfig(ComponentConfig):
    """Which targets are asked."""

    active: ActiveConfig | None = Field(default=None, description="Probes of the gateway's own.")
    passive: PassiveConfig | None = Field(default=None, description="What traffic shows.")
    slow_start: Duration = Field(
        default=0.0, description="How long a target that is new or back gets less than its share."
    )
    panic_below: Share = Field(
        default=0.0, description="With fewer than this share of targets fit, all are used: some may answer."
    )
