"""What the YAML may say about retries.

In: ``RetryConfig``. Not in: deciding (``retry.rule``).
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.fields import Duration, Integer, PositiveDuration, Share, Size
from vizgate.units import KIB

RetryReason = Literal["connect_failure", "reset", "timeout", "invalid"]
Status = Annotated[Integer, Field(ge=400, le=599)]


def _backoff(value: Any) -> Any:
    return {"base": value} if isinstance(value, (str, int, float)) else value


def _budget(value: Any) -> Any:
    return value if isinstance(value, (dict, BudgetConfig)) else {"share": value}


class BackoffConfig(ComponentConfig):
    """How long to wait before the next attempt: a random time up to a bound that doubles (full jitter)."""

    base: Duration = Field(default=0.025, description="Bound before the second attempt. 0 does not wait.")
    max: PositiveDuration = Field(default=1.0, description="The bound grows no further.")


class BudgetConfig(ComponentConfig):
    """How much of the load retries may be."""

    share: Share = Field(default=0.2, description="Most retries as a share of the requests of the last 10 s.")
    floor: Annotated[Integer, Field(ge=0)] = Field(
        default=30, description="Retries within 10 s that are let through whatever the share says."
    )


class RetryConfig(ComponentConfig):
    """When a request is tried again, always at another target if there is one."""

    attempts: Annotated[Integer, Field(ge=1, le=10)] = Field(
        default=2, description="Most attempts, the first included."
    )
    on: Annotated[tuple[RetryReason | Status, ...], Field(min_length=1)] = Field(
        default=("connect_failure", "reset", "invalid", 502, 503, 504),
        description="Statuses of a target, and failures without an answer of one, after which to try again.",
    )
    methods: tuple[Annotated[str, Field(pattern=r"^[A-Z][A-Z\-]*$")], ...] = Field(
        default=("GET", "HEAD", "OPTIONS", "PUT", "DELETE"),
        description="Which may be tried again once a byte has been sent; naming POST says that twice is harmless.",
    )
    per_try_timeout: Duration = Field(
        default=0.0, description="Time for one attempt, from the request sent to the head. 0: the service's `response`."
    )
    backoff: Annotated[BackoffConfig, BeforeValidator(_backoff, json_schema_input_type=Duration | BackoffConfig)] = (
        Field(default=BackoffConfig(), description="How long to wait; a duration alone is its `base`.")
    )
    budget: Annotated[BudgetConfig, BeforeValidator(_budget, json_schema_input_type=Share | BudgetConfig)] = Field(
        default=BudgetConfig(),
        description="Most retries there may be; a share alone is its `share`.",
    )
    buffer: Size = Field(
        default=64 * KIB,
        description="The longest request body that is kept to be sent again; longer: once.",
    )
    retry_after: PositiveDuration = Field(
        default=3.0, description="A `Retry-After` up to this long is waited for; a longer one ends the attempts."
    )
