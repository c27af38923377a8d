"""vizgate: a reverse proxy and API gateway as a Python library.

The names below are the public surface, together with ``vizgate.testing`` and ``vizgate.units``; they are loaded when
they are first used, so that importing one leaf of the package stays cheap.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from vizgate._version import __version__

if TYPE_CHECKING:
    from vizgate.access.ip_filter.networks import NetworkRules
    from vizgate.balancer.round_robin import RoundRobin
    from vizgate.balancer.weighted import WeightedRoundRobin
    from vizgate.breaker.circuit_breaker import CircuitBreaker
    from vizgate.breaker.machine import BreakerSettings
    from vizgate.breaker.pybreaker_listener import PybreakerListener
    from vizgate.clock import Clock
    from vizgate.config import ConfigError, GatewayConfig, Problem, load_config, load_text
    from vizgate.cors.config import CorsConfig
    from vizgate.cors.policy import CorsPolicy
    from vizgate.errors import CircuitOpen, ExchangeError, VizgateError
    from vizgate.extension.balancer import Balancer
    from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
    from vizgate.extension.registry import PluginError
    from vizgate.gateway.server import Gateway, StartFailed
    from vizgate.limiter.decision import Decision
    from vizgate.limiter.in_memory import FixedWindow, SlidingWindow, TokenBucket
    from vizgate.message.headers import Headers
    from vizgate.pipeline.handler import Handler
    from vizgate.pipeline.request import Request
    from vizgate.pipeline.response import Response
    from vizgate.router import Match, MatchConfig, NoMatch, RouteConflict, Router, Rule
    from vizgate.transport.listener import ListenFailed
    from vizgate.versions.audit import audit_versions
    from vizgate.versions.config import VersionConfig
    from vizgate.versions.life import VersionLife

__all__ = [
    "Balancer",
    "BreakerSettings",
    "CircuitBreaker",
    "CircuitOpen",
    "Clock",
    "ConfigError",
    "Context",
    "CorsConfig",
    "CorsPolicy",
    "Decision",
    "ExchangeError",
    "FixedWindow",
    "Gateway",
    "GatewayConfig",
    "Handler",
    "Headers",
    "ListenFailed",
    "Match",
    "MatchConfig",
    "Middleware",
    "MiddlewareConfig",
    "NetworkRules",
    "NoMatch",
    "PluginError",
    "Problem",
    "PybreakerListener",
    "Request",
    "Response",
    "RoundRobin",
    "RouteConflict",
    "Router",
    "Rule",
    "SlidingWindow",
    "StartFailed",
    "TokenBucket",
    "VersionConfig",
    "VersionLife",
    "VizgateError",
    "WeightedRoundRobin",
    "__version__",
    "audit_versions",
    "load_config",
    "load_text",
]

_HOMES = {
    "Balancer": "extension.balancer",
    "BreakerSettings": "breaker.machine",
    "CircuitBreaker": "breaker.circuit_breaker",
    "CircuitOpen": "errors",
    "Clock": "clock",
    "ConfigError": "config",
    "Context": "extension.contract",
    "Decision": "limiter.decision",
    "CorsConfig": "cors.config",
    "CorsPolicy": "cors.policy",
    "ExchangeError": "errors",
    "FixedWindow": "limiter.in_memory",
    "Gateway": "gateway.server",
    "GatewayConfig": "config",
    "Handler": "pipeline.handler",
    "Headers": "message.headers",
    "ListenFailed": "transport.listener",
    "Match": "router",
    "MatchConfig": "router",
    "Middleware": "extension.contract",
    "MiddlewareConfig": "extension.contract",
    "NetworkRules": "access.ip_filter.networks",
    "NoMatch": "router",
    "PluginError": "extension.registry",
    "Problem": "config",
    "PybreakerListener": "breaker.pybreaker_listener",
    "Request": "pipeline.request",
    "Response": "pipeline.response",
    "RoundRobin": "balancer.round_robin",
    "RouteConflict": "router",
    "Router": "router",
    "Rule": "router",
    "SlidingWindow": "limiter.in_memory",
    "StartFailed": "gateway.server",
    "TokenBucket": "limiter.in_memory",
    "VersionConfig": "versions.config",
    "VersionLife": "versions.life",
    "VizgateError": "errors",
    "WeightedRoundRobin": "balancer.weighted",
    "audit_versions": "versions.audit",
    "load_config": "config",
    "load_text": "config",
}


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = found  # the next access does not come here
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
