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
    from vizgate.auth.api_key.config import KeyConfig
    from vizgate.auth.api_key.table import ApiKeyTable, hash_key
    from vizgate.auth.jwt.config import JwtConfig
    from vizgate.auth.jwt.keys.key_set import KeySet
    from vizgate.auth.jwt.revocation import RevocationList
    from vizgate.auth.jwt.verifier import JwtVerifier
    from vizgate.balancer.chance.peak_ewma import PeakEwma
    from vizgate.balancer.chance.two_choices import PowerOfTwo
    from vizgate.balancer.chance.weighted_random import WeightedRandom
    from vizgate.balancer.config import HashConfig
    from vizgate.balancer.hashing.consistent_hash import ConsistentHash
    from vizgate.balancer.least_connections import LeastConnections
    from vizgate.balancer.round_robin import RoundRobin
    from vizgate.balancer.weighted import WeightedRoundRobin
    from vizgate.breaker.circuit_breaker import CircuitBreaker
    from vizgate.breaker.machine import BreakerSettings
    from vizgate.breaker.pybreaker_listener import PybreakerListener
    from vizgate.cache.config import CacheConfig
    from vizgate.cache.http_cache import HttpCache
    from vizgate.cache.middleware import CacheMiddleware
    from vizgate.clock import Clock
    from vizgate.compress.accept_encoding import choose_coding
    from vizgate.config import ConfigError, GatewayConfig, Problem, load_config, load_text
    from vizgate.cors.config import CorsConfig
    from vizgate.cors.policy import CorsPolicy
    from vizgate.discovery.dns.config import DnsDiscoveryConfig
    from vizgate.discovery.dns.source import DnsDiscovery
    from vizgate.discovery.file.config import FileDiscoveryConfig
    from vizgate.discovery.file.source import FileDiscovery
    from vizgate.discovery.http.config import HttpDiscoveryConfig
    from vizgate.discovery.http.source import HttpDiscovery
    from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig
    from vizgate.discovery.kubernetes.source import KubernetesDiscovery
    from vizgate.errors import CircuitOpen, ExchangeError, VizgateError
    from vizgate.extension.announced import PluginError
    from vizgate.extension.commands.command import Command
    from vizgate.extension.contract import Context, Middleware, MiddlewareConfig
    from vizgate.extension.kinds.authenticator import (
        AuthenticationUnavailable,
        Authenticator,
        AuthenticatorConfig,
        CredentialRefused,
    )
    from vizgate.extension.kinds.background import BackgroundConfig, BackgroundService
    from vizgate.extension.kinds.balancer import Balancer, BalancerConfig, Member
    from vizgate.extension.kinds.discovery import (
        Discovered,
        DiscoveredTarget,
        Discovery,
        DiscoveryConfig,
        DiscoveryFailed,
        PolledDiscovery,
    )
    from vizgate.extension.kinds.sink import RequestRecord, Sink, SinkConfig
    from vizgate.extension.kinds.store_component import StoreComponent, StoreConfigBase
    from vizgate.extension.store import Program, Step, Store, StoreFailed
    from vizgate.gateway.calls import Calls
    from vizgate.gateway.reload.prepared import PreparedReload
    from vizgate.gateway.reload.refusal import ReloadRefused
    from vizgate.gateway.running.components import StartFailed
    from vizgate.gateway.server import Gateway
    from vizgate.health.ejection import EjectionRule, TrafficRecord
    from vizgate.health.probe_count import ProbeCount
    from vizgate.limiter.standalone.decision import Decision
    from vizgate.limiter.standalone.in_memory import FixedWindow, SlidingWindow, TokenBucket
    from vizgate.limiter.standalone.storages import StorageLimiter
    from vizgate.message.headers import Headers
    from vizgate.message.identity import Identity
    from vizgate.pipeline.handler import Handler
    from vizgate.pipeline.request import Request
    from vizgate.pipeline.response import Response
    from vizgate.router import Match, MatchConfig, NoMatch, RouteConflict, Router, Rule
    from vizgate.store.config import MemoryStoreConfig, RedisStoreConfig, SharedStoreConfig
    from vizgate.store.memory import MemoryStore
    from vizgate.store.redis.store import RedisStore
    from vizgate.store.shared.store import SharedStore
    from vizgate.traffic.split import SplitRule
    from vizgate.transform.json_body.change import JsonChange
    from vizgate.transform.json_body.config import JsonChanges
    from vizgate.transport.listener import ListenFailed
    from vizgate.validation.check.violation import Violation
    from vizgate.validation.checker import RequestChecker, Verdict
    from vizgate.validation.config import ValidationConfig
    from vizgate.versions.audit import audit_versions
    from vizgate.versions.config import VersionConfig
    from vizgate.versions.life import VersionLife

__all__ = [
    "ApiKeyTable",
    "AuthenticationUnavailable",
    "Authenticator",
    "AuthenticatorConfig",
    "BackgroundConfig",
    "BackgroundService",
    "Balancer",
    "BalancerConfig",
    "BreakerSettings",
    "CacheConfig",
    "CacheMiddleware",
    "Calls",
    "CircuitBreaker",
    "CircuitOpen",
    "Clock",
    "Command",
    "ConfigError",
    "ConsistentHash",
    "Context",
    "CorsConfig",
    "CorsPolicy",
    "CredentialRefused",
    "Decision",
    "Discovered",
    "DiscoveredTarget",
    "Discovery",
    "DiscoveryConfig",
    "DiscoveryFailed",
    "DnsDiscovery",
    "DnsDiscoveryConfig",
    "EjectionRule",
    "ExchangeError",
    "FileDiscovery",
    "FileDiscoveryConfig",
    "FixedWindow",
    "Gateway",
    "GatewayConfig",
    "Handler",
    "HashConfig",
    "Headers",
    "HttpCache",
    "HttpDiscovery",
    "HttpDiscoveryConfig",
    "Identity",
    "JsonChange",
    "JsonChanges",
    "JwtConfig",
    "JwtVerifier",
    "KeyConfig",
    "KeySet",
    "KubernetesDiscovery",
    "KubernetesDiscoveryConfig",
    "LeastConnections",
    "ListenFailed",
    "Match",
    "MatchConfig",
    "Member",
    "MemoryStore",
    "MemoryStoreConfig",
    "Middleware",
    "MiddlewareConfig",
    "NetworkRules",
    "NoMatch",
    "PeakEwma",
    "PluginError",
    "PolledDiscovery",
    "PowerOfTwo",
    "PreparedReload",
    "ProbeCount",
    "Problem",
    "Program",
    "PybreakerListener",
    "RedisStore",
    "RedisStoreConfig",
    "ReloadRefused",
    "Request",
    "RequestChecker",
    "RequestRecord",
    "Response",
    "RevocationList",
    "RoundRobin",
    "RouteConflict",
    "Router",
    "Rule",
    "SharedStore",
    "SharedStoreConfig",
    "Sink",
    "SinkConfig",
    "SlidingWindow",
    "SplitRule",
    "StartFailed",
    "Step",
    "StorageLimiter",
    "Store",
    "StoreComponent",
    "StoreConfigBase",
    "StoreFailed",
    "TokenBucket",
    "TrafficRecord",
    "ValidationConfig",
    "Verdict",
    "VersionConfig",
    "VersionLife",
    "Violation",
    "VizgateError",
    "WeightedRandom",
    "WeightedRoundRobin",
    "__version__",
    "audit_versions",
    "choose_coding",
    "hash_key",
    "load_config",
    "load_text",
]

_HOMES = {
    "ApiKeyTable": "auth.api_key.table",
    "AuthenticationUnavailable": "extension.kinds.authenticator",
    "Authenticator": "extension.kinds.authenticator",
    "AuthenticatorConfig": "extension.kinds.authenticator",
    "BackgroundConfig": "extension.kinds.background",
    "BackgroundService": "extension.kinds.background",
    "Balancer": "extension.kinds.balancer",
    "BalancerConfig": "extension.kinds.balancer",
    "BreakerSettings": "breaker.machine",
    "CacheConfig": "cache.config",
    "CacheMiddleware": "cache.middleware",
    "Calls": "gateway.calls",
    "CircuitBreaker": "breaker.circuit_breaker",
    "CircuitOpen": "errors",
    "Clock": "clock",
    "Command": "extension.commands.command",
    "ConfigError": "config",
    "ConsistentHash": "balancer.hashing.consistent_hash",
    "Context": "extension.contract",
    "CorsConfig": "cors.config",
    "CorsPolicy": "cors.policy",
    "CredentialRefused": "extension.kinds.authenticator",
    "Decision": "limiter.standalone.decision",
    "Discovered": "extension.kinds.discovery",
    "DiscoveredTarget": "extension.kinds.discovery",
    "Discovery": "extension.kinds.discovery",
    "DiscoveryConfig": "extension.kinds.discovery",
    "DiscoveryFailed": "extension.kinds.discovery",
    "DnsDiscovery": "discovery.dns.source",
    "DnsDiscoveryConfig": "discovery.dns.config",
    "EjectionRule": "health.ejection",
    "ExchangeError": "errors",
    "FileDiscovery": "discovery.file.source",
    "FileDiscoveryConfig": "discovery.file.config",
    "FixedWindow": "limiter.standalone.in_memory",
    "Gateway": "gateway.server",
    "GatewayConfig": "config",
    "Handler": "pipeline.handler",
    "HashConfig": "balancer.config",
    "Headers": "message.headers",
    "HttpCache": "cache.http_cache",
    "HttpDiscovery": "discovery.http.source",
    "HttpDiscoveryConfig": "discovery.http.config",
    "Identity": "message.identity",
    "JsonChange": "transform.json_body.change",
    "JsonChanges": "transform.json_body.config",
    "JwtConfig": "auth.jwt.config",
    "JwtVerifier": "auth.jwt.verifier",
    "KeyConfig": "auth.api_key.config",
    "KeySet": "auth.jwt.keys.key_set",
    "KubernetesDiscovery": "discovery.kubernetes.source",
    "KubernetesDiscoveryConfig": "discovery.kubernetes.config",
    "LeastConnections": "balancer.least_connections",
    "ListenFailed": "transport.listener",
    "Match": "router",
    "MatchConfig": "router",
    "Member": "extension.kinds.balancer",
    "MemoryStore": "store.memory",
    "MemoryStoreConfig": "store.config",
    "Middleware": "extension.contract",
    "MiddlewareConfig": "extension.contract",
    "NetworkRules": "access.ip_filter.networks",
    "NoMatch": "router",
    "PeakEwma": "balancer.chance.peak_ewma",
    "PluginError": "extension.announced",
    "PolledDiscovery": "extension.kinds.discovery",
    "PowerOfTwo": "balancer.chance.two_choices",
    "PreparedReload": "gateway.reload.prepared",
    "ProbeCount": "health.probe_count",
    "Problem": "config",
    "Program": "extension.store",
    "PybreakerListener": "breaker.pybreaker_listener",
    "RedisStore": "store.redis.store",
    "RedisStoreConfig": "store.config",
    "ReloadRefused": "gateway.reload.refusal",
    "Request": "pipeline.request",
    "RequestChecker": "validation.checker",
    "RequestRecord": "extension.kinds.sink",
    "Response": "pipeline.response",
    "RevocationList": "auth.jwt.revocation",
    "RoundRobin": "balancer.round_robin",
    "RouteConflict": "router",
    "Router": "router",
    "Rule": "router",
    "SharedStore": "store.shared.store",
    "SharedStoreConfig": "store.config",
    "Sink": "extension.kinds.sink",
    "SinkConfig": "extension.kinds.sink",
    "SlidingWindow": "limiter.standalone.in_memory",
    "SplitRule": "traffic.split",
    "StartFailed": "gateway.running.components",
    "Step": "extension.store",
    "StorageLimiter": "limiter.standalone.storages",
    "Store": "extension.store",
    "StoreComponent": "extension.kinds.store_component",
    "StoreConfigBase": "extension.kinds.store_component",
    "StoreFailed": "extension.store",
    "TokenBucket": "limiter.standalone.in_memory",
    "TrafficRecord": "health.ejection",
    "ValidationConfig": "validation.config",
    "Verdict": "validation.checker",
    "VersionConfig": "versions.config",
    "VersionLife": "versions.life",
    "Violation": "validation.check.violation",
    "VizgateError": "errors",
    "WeightedRandom": "balancer.chance.weighted_random",
    "WeightedRoundRobin": "balancer.weighted",
    "audit_versions": "versions.audit",
    "choose_coding": "compress.accept_encoding",
    "hash_key": "auth.api_key.table",
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
