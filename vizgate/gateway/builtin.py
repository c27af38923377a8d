"""The explicit list of what vizgate brings along under short names; everything else comes from plugins.

In: built-in middleware by the name that ``use:`` gives it, balancers by their names, authenticators, stores and sources
of targets by their ``kind:``. Not in:
finding plugins (``extension.registry``).
"""

from __future__ import annotations

from collections.abc import Mapping

from vizgate.access.content_types.middleware import ContentTypes
from vizgate.access.csrf.middleware import Csrf
from vizgate.access.ip_filter.middleware import IpFilter
from vizgate.access.security_headers.middleware import SecurityHeaders
from vizgate.auth.basic.authenticator import BasicAuthenticator
from vizgate.auth.forward.authenticator import ForwardAuthenticator
from vizgate.auth.introspection.authenticator import IntrospectionAuthenticator
from vizgate.auth.jwt.authenticator import JwtAuthenticator
from vizgate.auth.mtls.authenticator import MtlsAuthenticator
from vizgate.balancer.build import RULES
from vizgate.cache.middleware import CacheMiddleware
from vizgate.compress.inflate.middleware import Decompress
from vizgate.compress.middleware import Compress
from vizgate.discovery.dns.source import DnsDiscovery
from vizgate.discovery.file.source import FileDiscovery
from vizgate.discovery.http.source import HttpDiscovery
from vizgate.discovery.kubernetes.source import KubernetesDiscovery
from vizgate.extension.contract import Component, Middleware
from vizgate.extension.kinds.authenticator import Authenticator
from vizgate.extension.kinds.discovery import Discovery
from vizgate.extension.kinds.store_component import StoreComponent
from vizgate.gateway.policies.api_keys import FileApiKeys
from vizgate.store.memory import MemoryStore
from vizgate.store.redis.store import RedisStore
from vizgate.store.shared.store import SharedStore
from vizgate.traffic.fault import Fault
from vizgate.transform.answers.error_pages import ErrorPages
from vizgate.transform.answers.status_map import StatusMap
from vizgate.transform.json_body.middleware import JsonBody
from vizgate.transform.method.middleware import MethodMiddleware
from vizgate.transform.middleware import HeadersMiddleware
from vizgate.transform.query.middleware import QueryMiddleware

MIDDLEWARE: Mapping[str, type[Middleware]] = {
    "cache": CacheMiddleware,
    "compress": Compress,
    "content_types": ContentTypes,
    "csrf": Csrf,
    "decompress": Decompress,
    "error_pages": ErrorPages,
    "fault": Fault,
    "headers": HeadersMiddleware,
    "ip_filter": IpFilter,
    "json_body": JsonBody,
    "method": MethodMiddleware,
    "query": QueryMiddleware,
    "security_headers": SecurityHeaders,
    "status_map": StatusMap,
}

AUTHENTICATORS: Mapping[str, type[Authenticator]] = {
    "api_key": FileApiKeys,
    "basic": BasicAuthenticator,
    "forward_auth": ForwardAuthenticator,
    "jwt": JwtAuthenticator,
    "mtls": MtlsAuthenticator,
    "oauth2_introspection": IntrospectionAuthenticator,
}

STORES: Mapping[str, type[StoreComponent]] = {
    "memory": MemoryStore,
    "redis": RedisStore,
    "shared": SharedStore,
}

SOURCES: Mapping[str, type[Discovery]] = {
    "dns": DnsDiscovery,
    "file": FileDiscovery,
    "http": HttpDiscovery,
    "kubernetes": KubernetesDiscovery,
}

#: Everything, for a ``Registry``.
BUILTIN: Mapping[str, type[Component]] = {**MIDDLEWARE, **AUTHENTICATORS, **RULES, **SOURCES, **STORES}
