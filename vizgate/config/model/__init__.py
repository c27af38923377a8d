"""Frozen models of everything a gateway is told."""

from vizgate.config.model.address import Address, TargetUrl, UnixAddress
from vizgate.config.model.base import ConfigModel
from vizgate.config.model.checks import CheckConfig, CheckExpectation, CheckIdentity, CheckRequest
from vizgate.config.model.gateway import GatewayConfig
from vizgate.config.model.listen import CertificateConfig, ClientAuthConfig, ListenConfig, ListenTlsConfig
from vizgate.config.model.observe import (
    AccessLogConfig,
    AuditLogConfig,
    LoopLagConfig,
    MetricsConfig,
    ObserveConfig,
    RequestIdConfig,
)
from vizgate.config.model.route import MiddlewareEntry, RouteConfig
from vizgate.config.model.server import LimitsConfig, ServerConfig
from vizgate.config.model.service import PoolConfig, ServiceConfig, TargetConfig, TimeoutsConfig, UpstreamTlsConfig

__all__ = [
    "AccessLogConfig",
    "Address",
    "AuditLogConfig",
    "CertificateConfig",
    "CheckConfig",
    "CheckExpectation",
    "CheckIdentity",
    "CheckRequest",
    "ClientAuthConfig",
    "ConfigModel",
    "GatewayConfig",
    "LimitsConfig",
    "ListenConfig",
    "ListenTlsConfig",
    "LoopLagConfig",
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
    "UnixAddress",
    "UpstreamTlsConfig",
]
