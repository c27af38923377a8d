"""What the YAML may say about circuit breakers.

In: ``BreakerConfig``. Not in: the machine (``breaker.machine``).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from vizgate.breaker.machine import BreakerSettings
from vizgate.breaker.outcome import FAILURES, SERVER_ERRORS, OutcomeRule
from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.fields import Integer, PositiveDuration, Share

Status = Annotated[Integer, Field(ge=100, le=599)]
FailureKind = Literal["connect_failure", "reset", "timeout", "invalid"]


class BreakerConfig(ComponentConfig):
    """Leaves a failing target alone for a while, then tries it carefully."""

    scope: Literal["target", "service"] = Field(
        default="target", description="What is opened: each target by itself, or the whole service."
    )
    failure_rate: Share = Field(default=0.5, description="Share of failures within the window that opens it.")
    slow_call: PositiveDuration | None = Field(default=None, description="A call that takes longer is slow.")
    slow_call_rate: Share = Field(default=1.0, description="Share of slow calls within the window that opens it.")
    minimum_requests: Annotated[Integer, Field(ge=1)] = Field(default=20, description="Fewer say nothing about a rate.")
    window: PositiveDuration = Field(default=30.0, description="How far back calls count.")
    window_requests: Annotated[Integer, Field(ge=1, le=100_000)] | None = Field(
        default=None, description="Instead of `window`: how many of the last calls count."
    )
    open_for: PositiveDuration = Field(
        default=30.0, description="How long it stays open; up to a tenth longer by chance."
    )
    half_open_requests: Annotated[Integer, Field(ge=1)] = Field(
        default=3, description="Calls that are let through to try; all of them good close it, one bad one opens it."
    )
    failures: tuple[FailureKind, ...] = Field(
        default=("connect_failure", "reset", "timeout", "invalid"),
        description="Which ends without an answer are failures.",
    )
    statuses: tuple[Status | Literal["5xx"], ...] = Field(default=("5xx",), description="Which answers are failures.")

    listeners: tuple[Annotated[str, Field(pattern=r"^[\w.]+:[\w.]+$")], ...] = Field(
        default=(),
        description="Listeners of pybreaker, as `package.module:Class`: made without arguments, and told of calls and"
        " changes on the event loop, so they must not block.",
    )

    @property
    def settings(self) -> BreakerSettings:
        """What the machine goes by."""
        return BreakerSettings(
            failure_rate=self.failure_rate,
            slow_rate=self.slow_call_rate,
            minimum_requests=self.minimum_requests,
            window_s=self.window,
            window_requests=self.window_requests or 0,
            open_for_s=self.open_for,
            half_open_requests=self.half_open_requests,
        )

    @property
    def outcome(self) -> OutcomeRule:
        """What counts as a failure, and what as slow."""
        statuses = {status for status in self.statuses if isinstance(status, int)}
        if "5xx" in self.statuses:
            statuses |= SERVER_ERRORS
        failures = frozenset(FAILURES[name] for name in self.failures)
        return OutcomeRule(frozenset(statuses), failures, self.slow_call or 0.0)

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.window_requests is not None and "window" in self.model_fields_set:
            raise ValueError("window and window_requests exclude each other. Keep one")
        if self.window_requests is not None and self.window_requests < self.minimum_requests:
            raise ValueError("window_requests is less than minimum_requests, so it would never open. Raise it")
        if "slow_call_rate" in self.model_fields_set and self.slow_call is None:
            raise ValueError("slow_call_rate has no effect without slow_call. Write slow_call, too")
        if not self.failure_rate or not self.slow_call_rate:
            raise ValueError("a rate of 0% would open it at the first good call. Write more")
        return self
