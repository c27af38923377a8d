"""What the YAML may say about the health of targets.

In: ``HealthConfig`` and its parts. Not in: probing and counting (the modules beside this).
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.extension.contract import ComponentConfig
from vizgate.extension.values.fields import Duration, Integer, PositiveDuration, Share, Size
from vizgate.health.ejection import EjectionRule
from vizgate.health.verdict import ProbeRule
from vizgate.units import KIB

Status = Annotated[Integer, Field(ge=200, le=599)]
PositiveSize = Annotated[Size, Field(ge=1)]
# So many moments are kept for each target.
Count = Annotated[Integer, Field(ge=0, le=1000)]

# What goes into a request of the gateway's own must not be able to begin another.
_PATH = re.compile(r"/[!\"$-~]*")
_HOST = re.compile(r"[A-Za-z0-9._:\[\]-]+")


def _path(value: str) -> str:
    if not _PATH.fullmatch(value):
        raise ValueError("must be a path with or without a query. Write for example /health")
    return value


def _host(value: str) -> str:
    if not _HOST.fullmatch(value):
        raise ValueError("must be a host name, with or without a port. Write for example users.internal")
    return value


class ActiveConfig(ComponentConfig):
    """Probes of the gateway's own."""

    kind: Literal["http", "tcp"] = Field(default="http", description="tcp: a connection is enough.")
    path: Annotated[str, AfterValidator(_path)] = Field(default="/", description="What is asked for.")
    method: Literal["GET", "HEAD"] = Field(default="GET", description="How.")
    host: Annotated[str, AfterValidator(_host)] | None = Field(
        default=None, description="The Host of the probe; default: the target's own."
    )
    port: Annotated[Integer, Field(ge=1, le=65_535)] | None = Field(
        default=None, description="Another port than that of the target."
    )
    interval: PositiveDuration = Field(default=5.0, description="From probe to probe; a tenth of it is left to chance.")
    timeout: PositiveDuration = Field(default=2.0, description="A probe that takes longer has failed.")
    healthy_after: Annotated[Integer, Field(ge=1)] = Field(default=2, description="Good probes that bring it back.")
    unhealthy_after: Annotated[Integer, Field(ge=1)] = Field(default=3, description="Bad probes that take it out.")
    expect: Annotated[tuple[Status, ...], Field(min_length=1)] = Field(default=(200,), description="Good statuses.")
    body: str | None = Field(default=None, min_length=1, description="Text that the body of a good answer holds.")
    read_limit: PositiveSize = Field(default=64 * KIB, description="How much of a body is looked through for `body`.")

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.kind == "tcp":
            more = sorted(self.model_fields_set & {"path", "method", "host", "expect", "body", "read_limit"})
            if more:
                raise ValueError(f"{more[0]} has no effect with kind: tcp. Remove it")
        elif self.body is not None and self.method == "HEAD":
            raise ValueError("an answer to HEAD has no body. Write method: GET")
        elif self.body is None and "read_limit" in self.model_fields_set:
            raise ValueError("read_limit has no effect without body. Write body, too, or remove it")
        return self

    @property
    def rule(self) -> ProbeRule:
        """What is expected of an answer."""
        if self.kind == "tcp":
            return ProbeRule()
        return ProbeRule(frozenset(self.expect), (self.body or "").encode())


class PassiveConfig(ComponentConfig):
    """What traffic shows: a target that fails is taken out for a while."""

    failures: Count = Field(
        default=5, description="Answers with 5xx, one after the other, that take it out. 0 does not look at them."
    )
    local_failures: Count | None = Field(
        default=None,
        description="The same of attempts without an answer (no connection, reset, timeout), counted apart. Default: as"
        " `failures`.",
    )
    failure_rate: Share | None = Field(
        default=None, description="Share of failures of both kinds within `window` that takes it out."
    )
    minimum_requests: Annotated[Integer, Field(ge=1)] = Field(default=20, description="Fewer say nothing about a rate.")
    window: PositiveDuration = Field(default=30.0, description="How far back failures count.")
    eject_for: PositiveDuration = Field(
        default=30.0, description="How long; the second time in a row twice as long, and so on, ten times at most."
    )
    max_ejected: Share = Field(
        default=0.5, description="Largest share of the targets that may be out at once; of two or more, one always may."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if not self.max_ejected:
            raise ValueError("max_ejected: 0% never takes a target out. Write more, or remove passive")
        if self.failure_rate is None:
            if not self.failures and not self.local_failures:
                raise ValueError("nothing takes a target out. Write failures, local_failures or failure_rate")
            if "minimum_requests" in self.model_fields_set:
                raise ValueError("minimum_requests has no effect without failure_rate. Write that, or remove it")
        elif not self.failure_rate:
            raise ValueError("failure_rate: 0% is passed by every target. Write more, or failures: 1")
        return self

    @property
    def rule(self) -> EjectionRule:
        """The same for ``health.ejection``."""
        return EjectionRule(
            failures=self.failures,
            local_failures=self.failures if self.local_failures is None else self.local_failures,
            failure_rate=self.failure_rate,
            minimum_requests=self.minimum_requests,
            window_s=self.window,
            eject_for_s=self.eject_for,
            max_ejected=self.max_ejected,
        )


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

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.panic_below and self.active is None and self.passive is None:
            raise ValueError("panic_below has no effect without active or passive. Write one of them, or remove it")
        return self
