"""The ``services`` part: groups of targets, and how they are spoken to.

In: settings. Not in: acting on them (``balancer``, ``transport``, ``pipeline``).
"""

from __future__ import annotations

import difflib
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from vizgate.balancer.config import WEIGHTLESS, AffinityConfig, BalancerSetting, Weight, told
from vizgate.breaker.config import BreakerConfig
from vizgate.config.model.address import TargetUrlField, parse_authority
from vizgate.config.model.base import ConfigModel, ZoneName, text_as
from vizgate.config.problems import shown
from vizgate.discovery.config import DiscoverySetting
from vizgate.discovery.dns.config import DnsDiscoveryConfig
from vizgate.discovery.kubernetes.config import KubernetesDiscoveryConfig
from vizgate.extension.values.field_names import RequestFieldName
from vizgate.extension.values.fields import Duration, ExistingFile, Flag, Integer, PositiveDuration
from vizgate.health.config import HealthConfig
from vizgate.retry.config import RetryConfig
from vizgate.validation.config import ValidationConfig

_HOST_HEADER_WORDS = ("preserve", "target")


class TargetConfig(ConfigModel):
    """One address of a service."""

    url: TargetUrlField = Field(description="http:// or https://, host and port; no path, no user information.")
    weight: Weight = Field(default=1, description="Share of the requests relative to the other targets' weights.")
    priority: Annotated[Integer, Field(ge=0, le=100)] = Field(
        default=0, description="Targets with a higher number are asked while none with a lower one can be."
    )
    zone: ZoneName = Field(
        default="", description="Where it is. Targets in `server.zone` are asked as long as one of them can be."
    )
    server_name: str | None = Field(
        default=None,
        min_length=1,
        description="What its certificate is for, if not its host; goes before `tls.server_name`.",
    )

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.server_name is not None and self.url.scheme != "https":
            raise ValueError("server_name has no effect without https. Write https://, or remove it")
        return self


Target = Annotated[
    TargetConfig,
    BeforeValidator(
        text_as("url", "a URL such as http://127.0.0.1:3001"), json_schema_input_type=TargetUrlField | TargetConfig
    ),
]


class TimeoutsConfig(ConfigModel):
    """How long each step with an upstream may take."""

    connect: PositiveDuration = Field(
        default=2.0, description="Connecting to one target, TLS included. Over it: the next target, 502 after the last."
    )
    response: Duration = Field(
        default=15.0, description="From the request sent to the response head. Over it: 504. 0 means no limit."
    )
    idle: Duration = Field(default=60.0, description="Silence inside a response body or a tunnel. 0 means no limit.")
    total: Duration = Field(
        default=0.0, description="From the first attempt to the end of the response. 0 means no limit."
    )
    deadline_header: RequestFieldName | None = Field(
        default=None,
        description="Field that tells the target how many milliseconds are left for the request, by `total` and the"
        " route's `timeout`. What a client says in it is dropped.",
    )


class PoolConfig(ConfigModel):
    """Connections to one target that are kept open between requests."""

    max_idle: Integer = Field(default=512, ge=0, description="Most idle connections per target; 0 keeps none.")
    idle_timeout: PositiveDuration = Field(default=60.0, description="An idle connection is closed after this.")


class UpstreamTlsConfig(ConfigModel):
    """TLS to the targets with ``https://``; verified against the system's authorities unless this says otherwise."""

    verify: Flag = Field(
        default=True, description="Whether the certificate must be valid for the target. `false` is for tests."
    )
    ca: ExistingFile | None = Field(
        default=None, description="PEM file of the authorities to believe instead of the system's."
    )
    server_name: str | None = Field(
        default=None, min_length=1, description="Name to ask for and to verify, instead of the target's host."
    )
    cert: ExistingFile | None = Field(default=None, description="PEM file of the certificate to show to the target.")
    key: ExistingFile | None = Field(
        default=None, description="PEM file of that certificate's key; default: it is in `cert`."
    )

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.key is not None and self.cert is None:
            raise ValueError("key has no use without cert. Write cert, too")
        if self.ca is not None and not self.verify:
            raise ValueError("ca has no use when verify is false. Remove one of them")
        return self


def _host_header(value: str) -> str:
    if value in _HOST_HEADER_WORDS:
        return value
    # A slip of the keyboard would be a valid host name, and go to every upstream.
    near = difflib.get_close_matches(value.lower(), _HOST_HEADER_WORDS, n=1, cutoff=0.75)
    if near:
        raise ValueError(
            f"{shown(value)} is not a mode. Did you mean {shown(near[0])}? A literal name must not look like one"
        )
    return parse_authority(value)


class ServiceConfig(ConfigModel):
    """A named group of targets that answer alike, or a built-in answer."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [
                {"required": ["builtin"]},
                {"anyOf": [{"required": ["targets"]}, {"required": ["discovery"]}]},
            ]
        }
    )

    targets: tuple[Target, ...] = Field(
        default=(), description="Where requests go: URLs, or mappings with url and weight."
    )
    discovery: DiscoverySetting | None = Field(
        default=None, description="Who tells which targets there are, beside those in `targets`."
    )
    builtin: Literal["echo"] | None = Field(
        default=None, description="Instead of targets: `echo` answers with the request it saw, as JSON."
    )
    balancer: BalancerSetting = Field(
        default="round_robin",
        description="How the target of a request is chosen: a name, `{hash: {on: ip}}`, or a rule of one's own.",
    )
    affinity: AffinityConfig | None = Field(default=None, description="Clients stay with their target, by a cookie.")
    timeouts: TimeoutsConfig = Field(default=TimeoutsConfig(), description="How long each step may take.")
    pool: PoolConfig = Field(default=PoolConfig(), description="Idle connections.")
    retry: RetryConfig | None = Field(
        default=None,
        description="When a request is tried again. Without it: at each other target, when one cannot be connected to.",
    )
    health: HealthConfig | None = Field(
        default=None, description="Which targets are asked: probes, and what traffic shows. Without it: all of them."
    )
    required: Flag = Field(default=False, description="Whether /readiness says 503 while no target of it may be asked.")
    breaker: BreakerConfig | None = Field(default=None, description="When a failing target is left alone for a while.")
    max_in_flight: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="Most requests at once. Over it they wait, then 503. Default: no limit."
    )
    queue_timeout: Duration = Field(
        default=0.0, description="How long a request over `max_in_flight` waits for its turn. 0 does not wait."
    )
    max_queued: Annotated[Integer, Field(ge=1)] | None = Field(
        default=None, description="Most requests that wait at once; more get 503. Default: as many as `max_in_flight`."
    )
    host_header: Annotated[str, AfterValidator(_host_header)] = Field(
        default="preserve",
        description="`preserve` sends the client's Host, `target` the target's own, anything else is sent as it is.",
    )
    tls: UpstreamTlsConfig = Field(default=UpstreamTlsConfig(), description="TLS to targets with https.")
    validation: ValidationConfig | None = Field(
        default=None, alias="validate", description="What messages of its routes are checked against."
    )

    @property
    def may_speak_tls(self) -> bool:
        """Whether a target is https, or may turn out to be."""
        # Sources of one's own have no such setting; they say it of each target.
        scheme = getattr(self.discovery, "scheme", "https") if self.discovery is not None else "http"
        is_fixed = isinstance(self.discovery, (DnsDiscoveryConfig, KubernetesDiscoveryConfig))
        is_found = self.discovery is not None and (scheme == "https" or not is_fixed)
        return is_found or any(target.url.scheme == "https" for target in self.targets)

    @property
    def has_weights(self) -> bool:
        """Whether ``round_robin`` gives turns by weight: sources know weights, and nobody can tell beforehand."""
        return self.discovery is not None and self.balancer == "round_robin"

    @model_validator(mode="after")
    def _coherent(self) -> Self:
        if self.builtin is not None:
            more = sorted(self.model_fields_set - {"builtin", "validation"})
            if more:
                raise ValueError(f"a builtin service takes no {', '.join(more)}. Remove that, or builtin")
        elif not self.targets and self.discovery is None:
            raise ValueError(
                "a service has neither targets nor builtin. Write targets: [http://host:port], or discovery"
            )
        rule = told(self.balancer)
        if rule in WEIGHTLESS and not self.has_weights and any(target.weight != 1 for target in self.targets):
            raise ValueError(f"weights have no effect with {rule}. Write balancer: weighted")
        if self.health is not None and self.health.slow_start and self.balancer == "ewma":
            raise ValueError(
                "health.slow_start has no effect with ewma, which measures what a target can do. Remove it"
            )
        if self.max_in_flight is None and self.queue_timeout:
            raise ValueError("queue_timeout has no effect without max_in_flight. Write max_in_flight, too")
        if self.max_queued is not None and not self.queue_timeout:
            raise ValueError("max_queued has no effect without queue_timeout. Write queue_timeout, too")
        probes = None if self.health is None else self.health.active
        if probes is not None and probes.port is not None and any(target.url.unix_path for target in self.targets):
            raise ValueError("a Unix socket has no port. Remove health.active.port, or the targets with unix:")
        if "tls" in self.model_fields_set and not self.may_speak_tls:
            raise ValueError("tls has no effect because no target is https. Write https:// targets, or remove tls")
        return self
