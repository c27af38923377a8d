"""Configuration: YAML to frozen models, with every problem at once and its place.

The names below are loaded when they are first used, so that importing one leaf of this package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from vizgate.config.load import load_config, load_text
    from vizgate.config.model import (
        AccessLogConfig,
        Address,
        CheckConfig,
        CheckExpectation,
        CheckRequest,
        GatewayConfig,
        LimitsConfig,
        ListenConfig,
        MetricsConfig,
        MiddlewareEntry,
        ObserveConfig,
        PoolConfig,
        RequestIdConfig,
        RouteConfig,
        ServerConfig,
        ServiceConfig,
        TargetConfig,
        TargetUrl,
        TimeoutsConfig,
        UpstreamTlsConfig,
    )
    from vizgate.config.problems import ConfigError, Problem
    from vizgate.config.redact import redacted
    from vizgate.config.reference import reference_markdown
    from vizgate.config.schema import json_schema
    from vizgate.config.validate import check

__all__ = [
    "AccessLogConfig",
    "Address",
    "CheckConfig",
    "CheckExpectation",
    "CheckRequest",
    "ConfigError",
    "GatewayConfig",
    "LimitsConfig",
    "ListenConfig",
    "MetricsConfig",
    "MiddlewareEntry",
    "ObserveConfig",
    "PoolConfig",
    "Problem",
    "RequestIdConfig",
    "RouteConfig",
    "ServerConfig",
    "ServiceConfig",
    "TargetConfig",
    "TargetUrl",
    "TimeoutsConfig",
    "UpstreamTlsConfig",
    "check",
    "json_schema",
    "load_config",
    "load_text",
    "redacted",
    "reference_markdown",
]

_HOMES = {
    "ConfigError": "problems",
    "Problem": "problems",
    "check": "validate",
    "json_schema": "schema",
    "load_config": "load",
    "load_text": "load",
    "redacted": "redact",
    "reference_markdown": "reference",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, 'model')}"), name)
