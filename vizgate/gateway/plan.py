"""What a gateway serves by: compiled, frozen, swapped whole.

In: ``GatewayPlan``, ``RoutePlan``, ``ServerPlan``. Not in: compiling (``gateway.build``) and what lives on across plans
(``gateway.state``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from vizgate.discovery.feed import Feed
from vizgate.limiter.limit import Limit
from vizgate.message.forwarding import TrustRules
from vizgate.observe.metrics import RouteCells
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.target_set import TargetSet
from vizgate.router import Router
from vizgate.wire.codec import HeadCodec
from vizgate.wire.fields import FieldSorter
from vizgate.wire.limits import WireLimits


@dataclass(frozen=True, slots=True)
class RoutePlan:
    """One route, ready to run. ``body_limit``: bytes, 0 for no bound. ``timeout_s``: 0 for none."""

    name: str
    handler: Handler
    cells: RouteCells
    body_limit: int = 0
    timeout_s: float = 0.0
    #: Whether middleware may have touched the messages, so that what the gateway owns must be cleaned again.
    has_middleware: bool = False
    #: Whether it answers preflights (``cors``) of requests that it would take.
    answers_preflights: bool = False


@dataclass(frozen=True, slots=True)
class UploadLimits:
    """How slow a body may come: the longest gap in seconds, and the least bytes per second of waiting after 10 s."""

    idle_s: float = 30.0
    rate_bytes: int = 1024


@dataclass(frozen=True, slots=True)
class DownstreamTimeouts:
    """How long a client may take, in seconds."""

    head_s: float = 10.0
    idle_s: float = 75.0
    #: The longest time a client may leave what it is sent unread, and a tunnel may be quiet.
    write_s: float = 60.0


@dataclass(frozen=True, slots=True)
class ServerPlan:
    """How connections are read and what their requests are told about them."""

    codec: HeadCodec
    sorter: FieldSorter
    limits: WireLimits = field(default_factory=WireLimits)
    upload: UploadLimits = field(default_factory=UploadLimits)
    timeouts: DownstreamTimeouts = field(default_factory=DownstreamTimeouts)
    trust: TrustRules = field(default_factory=TrustRules)
    request_id_header: bytes = b"X-Request-Id"
    trust_request_id: bool = False
    max_connections: int = 10_000

    def is_like(self, other: ServerPlan) -> bool:
        """Whether requests are read as by *other*, which may have been compiled at another time."""
        return (
            self.codec.name == other.codec.name
            and self.sorter.rules == other.sorter.rules
            and (self.limits, self.timeouts, self.trust) == (other.limits, other.timeouts, other.trust)
        )


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """A service as operators see it. ``balancer``: its name. ``counts_in_flight``: whether its targets know how many
    attempts are under way. ``is_watched``: whether anything may find that a target is not to be asked. ``feed``: the
    source of its targets, None where they stand in the configuration.
    """

    targets: TargetSet
    balancer: str
    is_required: bool = False
    counts_in_flight: bool = False
    is_watched: bool = False
    feed: Feed | None = None

    @property
    def is_available(self) -> bool:
        """Whether any target may be asked without panic."""
        return any(target.state.is_fit for target in self.targets.targets)


@dataclass(frozen=True, slots=True)
class GatewayPlan:
    """Everything a request is served by, from its head to its last byte."""

    server: ServerPlan
    router: Router[RoutePlan]
    #: Paths of health and metrics that the public listeners answer, too (``server.public_endpoints``).
    public_paths: frozenset[str] = frozenset()
    #: Whether any route looks at header fields; where none does, they need not be taken apart.
    routes_by_headers: bool = False
    #: Whether any route answers preflights; where none does, an OPTIONS request is a request like any other.
    answers_preflights: bool = False
    #: By name; those that have targets.
    services: Mapping[str, ServicePlan] = field(default_factory=dict)
    #: By name; those that any route keeps.
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def unavailable(self) -> list[str]:
        """The names of required services that have no fit target."""
        return [name for name, service in self.services.items() if service.is_required and not service.is_available]
