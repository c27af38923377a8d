"""Frozen models of everything a gateway is told."""

from vizgate.config.model.address import Address, TargetUrl
from vizgate.config.model.base import ConfigModel
from vizgate.config.model.checks import CheckConfig, CheckExpectation, CheckIdentity, CheckRequest
from vizgate.config.model.gateway import GatewayConfig
from vizgate.config.model.observe import AccessLogConfig, MetricsConfig, ObserveConfig, RequestIdConfig
from vizgate.config.model.route import MiddlewareEntry, RouteConfig
from vizgate.config.model.server import LimitsConfig, ListenConfig, ServerConfig
from vizgate.config.model.service import PoolConfig, ServiceConfig, TargetConfig, TimeoutsConfig, UpstreamTlsConfig

__all__ = [
    "AccessLogConfig",
    "Address",
    "CheckConfig",
    "CheckExpectation",
    "CheckIdentity",
    "CheckRequest",
    "ConfigModel",
    "GatewayConfig",
    "LimitsConfig",
    "ListenConfig",
    "MetricsConfig",
    "MiddlewareEntry",
    "ObserveConfig",
    "PoolConfig",
    "RequestIdConfig",
    "RouteConfig",
    "ServerConfig",
    "ServiceConfig",
    "TargetConfig",
    "TargetUrl",
    "TimeoutsConfig",
    "UpstreamTlsConfig",
]
