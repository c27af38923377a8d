"""What an audit looks at.

In: ``AuditView``, ``SeenCertificate``, and what several rules ask of a configuration. Not in: the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from vizgate.auth.api_key.config import KeyConfig
from vizgate.auth.config import PluginAuthConfig
from vizgate.balancer.config import OwnBalancerConfig
from vizgate.config.audit.hosts import is_everything
from vizgate.config.model import Address, GatewayConfig, MiddlewareEntry, RouteConfig
from vizgate.config.problems import Path
from vizgate.discovery.config import PluginDiscoveryConfig
from vizgate.store.config import PluginStoreConfig


@dataclass(frozen=True, slots=True)
class SeenCertificate:
    """A certificate that the setting at *path* names. ``begins_s``, ``ends_s``: seconds since the epoch. ``weakness``:
    what is weak about it, "" for nothing.
    """

    path: Path
    begins_s: float
    ends_s: float
    weakness: str = ""


@dataclass(frozen=True, slots=True)
class AuditView:
    """A configuration that can be used, as rules see it: values only.

    ``now_s``: seconds since the epoch. ``filed_keys``: the keys in the file of each authenticator that has one.
    ``certificates``: those that listeners show.
    """

    config: GatewayConfig
    now_s: float
    filed_keys: Mapping[str, Sequence[KeyConfig]] = field(default_factory=dict)
    certificates: Sequence[SeenCertificate] = ()

    @property
    def is_exposed(self) -> bool:
        """Whether others than this machine can reach it: at an address of its own, or through a proxy it trusts."""
        server = self.config.server
        return bool(server.trusted_proxies) or any(
            isinstance(listener.address, Address) and not listener.address.is_loopback for listener in server.listen
        )

    @property
    def is_fenced(self) -> bool:
        """Whether nobody comes in without a certificate."""
        tls = [listener.tls for listener in self.config.server.listen]
        return all(one is not None and one.client_auth is not None and one.client_auth.mode == "require" for one in tls)

    def open_routes(self) -> Iterator[tuple[int, RouteConfig]]:
        """Routes that anybody may use, with their index: no credential, no certificate and no list of addresses."""
        if self.is_fenced:
            return
        for index, route in enumerate(self.config.routes):
            if not route.auth and not any(map(_has_guests, route.middleware)):
                yield index, route

    def entries(self, use: str | None = None) -> Iterator[tuple[Path, RouteConfig, MiddlewareEntry]]:
        """Place, route and settings of all middleware, or of that called *use*."""
        for number, route in enumerate(self.config.routes):
            for index, entry in enumerate(route.middleware):
                if use is None or entry.use == use:
                    yield ("routes", number, "middleware", index), route, entry

    def own_settings(self) -> Iterator[tuple[Path, Mapping[str, Any]]]:
        """Settings that no model of the format has, of middleware and of parts of one's own, with their places."""
        config = self.config
        for path, _, entry in self.entries():
            yield path, entry.settings
        for index, plugin in enumerate(config.plugins):
            yield ("plugins", index), plugin.settings
        for index, sink in enumerate(config.observe.sinks):
            yield ("observe", "sinks", index), sink.settings
        for name, auth in config.auth.items():
            if isinstance(auth, PluginAuthConfig):
                yield ("auth", name), auth.settings
        for name, service in config.services.items():
            if isinstance(service.balancer, OwnBalancerConfig):
                yield ("services", name, "balancer"), service.balancer.settings
            if isinstance(service.discovery, PluginDiscoveryConfig):
                yield ("services", name, "discovery"), service.discovery.settings
        if isinstance(config.store, PluginStoreConfig):
            yield ("store",), config.store.settings


def _has_guests(entry: MiddlewareEntry) -> bool:
    """Whether it is a list of the addresses that may come."""
    allow = entry.settings.get("allow")
    return entry.use == "ip_filter" and isinstance(allow, list) and bool(allow) and not any(map(is_everything, allow))
