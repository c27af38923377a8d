"""What lives on while plans come and go.

In: ``GatewayState``, the one owner of everything mutable that is not a connection. Not in: plans (``gateway.plan``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable
from dataclasses import dataclass, field
from random import Random
from secrets import token_bytes
from ssl import SSLContext
from typing import ClassVar

from vizgate.access.blocklist.blocks import BlockedClients
from vizgate.balancer.affinity.key import SigningKey
from vizgate.breaker.machine import BreakerMachine
from vizgate.clock import Clock, SystemClock
from vizgate.discovery.feed import Feed
from vizgate.extension.calls import NO_CALLS
from vizgate.extension.kept import Kept
from vizgate.extension.store import NO_STORE, Store
from vizgate.gateway.agreement.words import BreakerWords
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.membership import Membership
from vizgate.health.passive import WatchedTarget
from vizgate.health.probe_count import ProbeCount
from vizgate.observe.date import HttpDate
from vizgate.observe.health import Health
from vizgate.observe.log_level import LogLevelSwitch
from vizgate.observe.metrics import Metrics
from vizgate.overload.bulkhead import Bulkhead
from vizgate.pipeline.drained import DrainedTargets
from vizgate.pipeline.ports import CallerPort
from vizgate.pipeline.target_state import TargetState
from vizgate.transport.certificates.mark import Mark
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.pool import Endpoint, PoolLimits, TargetPool
from vizgate.transport.resolver import Resolver
from vizgate.transport.tls import UpstreamTls

#: The last part tells how answers on its connections are read: those of another manner cannot be taken over.
PoolKey = tuple[Endpoint, PoolLimits, Hashable]
#: Service, settings, and what its files were.
ContextKey = tuple[str, UpstreamTls, tuple[Mark, ...]]
#: Service, address, and number among equal addresses.
TargetKey = tuple[str, str, int]


@dataclass(slots=True)
class GatewayState:
    """The parts that every plan of one gateway shares. What is kept by service, target or name is what the present plan
    has asked for, see ``gateway.adoption.draft``.
    """

    #: Whether anything may be sent to targets that no request is for.
    reaches_network: ClassVar[bool] = True

    clock: Clock = field(default_factory=SystemClock)
    random: Random = field(default_factory=Random)  # request ids and samples: nothing secret
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)
    sweeper: DeadlineSweeper = field(default_factory=DeadlineSweeper)
    #: Finds the addresses of targets.
    resolver: Resolver = field(default_factory=Resolver)
    date: HttpDate = field(init=False)
    #: What plugins do wrong.
    faults: FaultBook = field(init=False)
    #: The number of this worker process, from 1; 0 where there is one process alone.
    worker: int = 0
    #: Waits so many seconds.
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    #: Requests of the gateway's own.
    calls: CallerPort = NO_CALLS
    #: Signs the names of targets where nobody has given another key: one of this gateway's own until it agrees with
    #: others (``gateway.agreement``).
    affinity_key: SigningKey = field(default_factory=lambda: SigningKey(token_bytes(32)))
    #: What it is given by whoever started it.
    membership: Membership = field(default_factory=Membership)
    #: Numbers that are one for all workers.
    store: Store = NO_STORE
    #: Clients that operators keep out.
    blocked: BlockedClients = field(default_factory=BlockedClients)
    log_level: LogLevelSwitch = field(default_factory=LogLevelSwitch)
    #: When the gateway was started, in seconds since the epoch; 0 before.
    started_wall_s: float = 0.0
    #: What components want to find again after a reload, by its kind and name.
    kept: Kept = field(default_factory=Kept)
    # Keyed by endpoint, not by service: two services on one address share its connections.
    pools: dict[PoolKey, TargetPool] = field(default_factory=dict)
    # Which of them a service uses.
    pool_users: dict[str, frozenset[PoolKey]] = field(default_factory=dict)
    # How targets are verified; kept, because a connection belongs to its context.
    contexts: dict[ContextKey, SSLContext] = field(default_factory=dict)
    # Keyed by service: each has its own view of a target.
    targets: dict[TargetKey, TargetState] = field(default_factory=dict)
    # Of targets that are away as well: discovery may lose one for a moment.
    drained: DrainedTargets = field(default_factory=DrainedTargets)

    # Keyed by target, or by the name of a service that has one for all of them.
    breakers: dict[TargetState | str, BreakerMachine] = field(default_factory=dict)
    # By the name of the service: they hold for targets that come later, too.
    breaker_words: BreakerWords = field(default_factory=BreakerWords)
    # Keyed by service: requests that began before a reload still take their places.
    bulkheads: dict[str, Bulkhead] = field(default_factory=dict)
    # Keyed by service: where its targets come from.
    feeds: dict[str, Feed] = field(default_factory=dict)
    # How often a plan, or a part of one, has become what serves.
    adoptions: int = 0
    # What traffic and probes have shown, by target; only of those that are looked at.
    watched: dict[TargetState, WatchedTarget] = field(default_factory=dict)
    probe_counts: dict[TargetState, ProbeCount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.date = HttpDate(self.clock)
        self.faults = FaultBook(self.metrics, self.clock)

    def join(self, membership: Membership) -> None:
        """Be part of what *membership* says; before anything is compiled."""
        self.membership = membership
        self.worker = membership.worker
        if membership.secret is not None:
            self.affinity_key = SigningKey(membership.secret)
        if membership.seat is not None:
            self.sweeper.patrolled[membership.seat] = None

    def new_pool(self, endpoint: Endpoint, limits: PoolLimits) -> TargetPool:
        """An empty pool of *endpoint*, which is nobody's yet."""
        return TargetPool(endpoint, limits, self.clock, self.sweeper, self.resolver)

    def begin(self) -> None:
        """Be ready to serve, also again after a stop: an ASGI lifespan may be entered more than once."""
        self.health.restart()
        self.started_wall_s = self.clock.wall()
        for pool in self.pools.values():
            pool.reopen()

    def close_pools(self) -> None:
        """Close every idle upstream connection."""
        for pool in self.pools.values():
            pool.close()
