"""The whole configuration.

In: ``GatewayConfig``. Not in: its parts (their own files) and checks across parts (``validate``).
"""

from __future__ import annotations

from collections import Counter
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from vizgate.auth.config import AuthConfig, IdentityHeadersConfig
from vizgate.config.model.base import ConfigModel
from vizgate.config.model.checks import AuditConfig, CheckConfig
from vizgate.config.model.observe import ObserveConfig
from vizgate.config.model.policies import DefaultsConfig, PolicyName
from vizgate.config.model.route import RouteConfig
from vizgate.config.model.server import ServerConfig
from vizgate.config.model.service import ServiceConfig
from vizgate.extension.contract import UsedConfig
from vizgate.extension.values.fields import Integer
from vizgate.limiter.config import LimitConfig
from vizgate.store.config import MemoryStoreConfig, StoreConfig, default_store
from vizgate.versions.config import VersionConfig

ServiceName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]{0,99}$")]


def with_names(routes: tuple[RouteConfig, ...]) -> tuple[RouteConfig, ...]:
    """*routes*, where one without a name is called by its path, with a number behind it if that is taken."""
    taken = {route.name for route in routes}
    used: Counter[str] = Counter()
    named = []
    for route in routes:
        name, path = route.name, route.match.path
        while not name or (name != route.name and name in taken):
            used[path] += 1
            name = path if used[path] == 1 else f"{path} ({used[path]})"
        taken.add(name)
        named.append(route if route.name else route.model_copy(update={"name": name}))
    return tuple(named)


def with_defaults(routes: tuple[RouteConfig, ...], defaults: DefaultsConfig) -> tuple[RouteConfig, ...]:
    """*routes*, where a key that is set in *defaults* and missing in a route has the value of the defaults."""
    given = {key: getattr(defaults, key) for key in defaults.model_fields_set}
    missing = [{key: value for key, value in given.items() if key not in route.model_fields_set} for route in routes]
    return tuple(route.model_copy(update=more) if more else route for route, more in zip(routes, missing, strict=True))


class PluginEntry(UsedConfig):
    """A background service and its settings, which are the other keys; its own class says which there are."""


class GatewayConfig(ConfigModel):
    """Everything a gateway is told: one YAML file."""

    version: Annotated[Integer, Field(ge=1, le=1)] = Field(default=1, description="Version of this format.")
    server: ServerConfig = Field(default=ServerConfig(), description="Listeners, limits and trust.")
    services: dict[ServiceName, ServiceConfig] = Field(default_factory=dict, description="Groups of targets, by name.")
    routes: Annotated[tuple[RouteConfig, ...], AfterValidator(with_names)] = Field(
        default=(), description="Which requests go where; the most specific match wins, not the order."
    )
    defaults: DefaultsConfig = Field(
        default=DefaultsConfig(), description="What holds for every route that does not say otherwise."
    )
    auth: dict[PolicyName, AuthConfig] = Field(
        default_factory=dict, description="Authenticators by name: how a request shows who sends it."
    )
    identity_headers: IdentityHeadersConfig = Field(
        default=IdentityHeadersConfig(),
        description="Fields that tell a service who the caller is; a client's own of these names are always removed.",
    )
    limits: dict[PolicyName, LimitConfig] = Field(default_factory=dict, description="Limits by name.")
    store: StoreConfig = Field(
        default=MemoryStoreConfig(kind="memory"),
        description="Where counters live that several workers or machines share: `memory`, `shared`, "
        "`redis://host:6379/0`, or a mapping with its `kind`. Default: memory for one worker, shared for more.",
    )
    versions: dict[Annotated[str, Field(pattern=r"^[A-Za-z0-9_.\-]{1,50}$")], VersionConfig] = Field(
        default_factory=dict, description="The life of API versions, by the `{version}` of a route's path."
    )
    observe: ObserveConfig = Field(
        default=ObserveConfig(), description="Access log, metrics, request ids, sinks, the lag of the event loop."
    )
    plugins: tuple[PluginEntry, ...] = Field(
        default=(), description="Background services: plugins that run beside the requests."
    )
    audit: AuditConfig = Field(default=AuditConfig(), description="What `vizgate check --audit` lets pass.")
    tests: tuple[CheckConfig, ...] = Field(default=(), description="What `vizgate check` tries, without a network.")

    @model_validator(mode="after")
    def _apply_defaults(self) -> Self:
        if "store" not in self.model_fields_set:
            object.__setattr__(self, "store", default_store(self.server.workers))
        if self.defaults.model_fields_set:
            object.__setattr__(self, "routes", with_defaults(self.routes, self.defaults))
        return self
