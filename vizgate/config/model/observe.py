"""The ``observe`` part: access log, metrics, request ids, sinks, the lag of the event loop.

In: settings. Not in: acting on them (``observe``).
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
)

from vizgate.config.model.base import ConfigModel, text_as
from vizgate.extension.contract import UsedConfig
from vizgate.extension.values.field_names import FieldName
from vizgate.extension.values.fields import Flag, Number, PositiveDuration, Share, TextSource

# What watches wakes up four times as often; a machine with other work is late by this much itself.
_LEAST_STALL_S = 0.02
_STREAMS = frozenset({"stdout", "stderr"})


def _log_target(value: Any, info: ValidationInfo) -> Any:
    if isinstance(value, Path):
        return str(value)
    if not isinstance(value, str) or value in _STREAMS:
        return value
    if not value or "\0" in value:
        raise ValueError("must be stdout, stderr or the path of a file")
    return str(info.context.base / value) if isinstance(info.context, TextSource) else str(value)


def _buckets(bounds: tuple[float, ...]) -> tuple[float, ...]:
    if not all(math.isfinite(bound) and bound > 0 for bound in bounds):
        raise ValueError("buckets must be seconds above zero")
    if any(low >= high for low, high in itertools.pairwise(bounds)):
        raise ValueError("buckets must rise, each above the one before. Sort them and remove doubles")
    return bounds


def _loop_lag(value: Any) -> Any:
    return None if value == "off" else value


class AccessLogConfig(ConfigModel):
    """One line for every request that was read."""

    format: Literal["json", "combined", "off"] = Field(
        default="json", description="`combined` is the format of Apache and nginx."
    )
    to: Annotated[str, BeforeValidator(_log_target, json_schema_input_type=str)] = Field(
        default="stdout", description="stdout, stderr or a file, relative to this file."
    )
    sample: Share = Field(default=1.0, description="Share of the requests that leave a line.")


def _audit_target(value: Any, info: ValidationInfo) -> Any:
    return None if value == "log" else _log_file(value, info)


def _log_file(value: Any, info: ValidationInfo) -> Path:
    if not isinstance(value, (str, Path)) or not str(value) or "\0" in str(value) or str(value) in _STREAMS:
        raise ValueError("must be log, for the program's own log on standard error, or the path of a file")
    return info.context.base / value if isinstance(info.context, TextSource) else Path(value)


class AuditLogConfig(ConfigModel):
    """One line for every change that somebody asks for through the admin API."""

    to: Annotated[
        Path | None,
        PlainValidator(_audit_target),
        PlainSerializer(lambda path: "log" if path is None else str(path), return_type=str),
        WithJsonSchema({"type": "string", "minLength": 1, "x-type": "log or file"}),
    ] = Field(
        default=None,
        description="`log` for the program's own log on standard error, or a file, relative to this file; it may be "
        "rotated at any time.",
    )


class MetricsConfig(ConfigModel):
    """Prometheus metrics."""

    buckets: Annotated[tuple[Number, ...], Field(min_length=1, max_length=100), AfterValidator(_buckets)] = Field(
        default=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
        description="Upper bounds, in seconds, of the duration histograms.",
    )


class RequestIdConfig(ConfigModel):
    """The id that a request has in logs, in problem answers and for the upstream."""

    header: FieldName = Field(
        default="X-Request-Id", description="The field that carries it, in requests and responses."
    )
    trust: Flag = Field(default=False, description="Whether an id that the client sends is kept.")


class LoopLagConfig(ConfigModel):
    """When the event loop that serves all requests stands still: what holds it up is named in the log."""

    warn: PositiveDuration = Field(default=0.25, description="A stall that lasts so long leaves a line in the log.")

    @field_validator("warn")
    @classmethod
    def _measurable(cls, warn_s: float) -> float:
        if warn_s < _LEAST_STALL_S:
            raise ValueError("is shorter than what can be told from a busy machine. Write 20ms or more")
        return warn_s


class SinkEntry(UsedConfig):
    """A sink and its settings, which are the other keys; its own class says which there are."""


class ObserveConfig(ConfigModel):
    """What can be seen of a running gateway."""

    access_log: Annotated[
        AccessLogConfig,
        BeforeValidator(
            text_as("format", "json, combined, off"),
            json_schema_input_type=Literal["json", "combined", "off"] | AccessLogConfig,
        ),
    ] = Field(default=AccessLogConfig(), description="One line per request; a text alone is its format.")
    audit_log: AuditLogConfig = Field(default=AuditLogConfig(), description="Who changed what through the admin API.")
    metrics: MetricsConfig = Field(default=MetricsConfig(), description="Prometheus metrics.")
    request_id: RequestIdConfig = Field(default=RequestIdConfig(), description="Request ids.")
    sinks: tuple[SinkEntry, ...] = Field(
        default=(), description="Plugins that are given the record of every request that has ended, in batches."
    )
    loop_lag: Annotated[
        LoopLagConfig | None,
        BeforeValidator(_loop_lag, json_schema_input_type=Literal["off"] | LoopLagConfig),
    ] = Field(default=LoopLagConfig(), description="What is said when the event loop stands still; or `off`.")
