"""What lives on while plans come and go.

In: ``GatewayState``, the one owner of everything mutable that is not a connection. Not in: plans (``gateway.plan``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random
from secrets import token_bytes
from typing import ClassVar

from vizgate.access.blocklist.blocks import BlockedClients
from vizgate.breaker.machine import BreakerMachine, BreakerSettings
from vizgate.clock import Clock, SystemClock
from vizgate.extension.calls import NO_CALLS
from vizgate.extension.kept import Kept
from vizgate.extension.store import NO_STORE, Store
from vizgate.health.ejection import EjectionRule
from vizgate.health.passive import WatchedTarget
from vizgate.health.probe_count import ProbeCount
from vizgate.observe.date import HttpDate
from vizgate.observe.health import Health
from vizgate.observe.log_level import LogLevelSwitch
from vizgate.observe.metrics import Metrics
from vizgate.overload.bulkhead import Bulkhead, BulkheadLimits
from vizgate.pipeline.ports import CallerPort
from vizgate.pipeline.target_state import TargetState
from vizgate.transport.deadlines import DeadlineSweeper
from vizgate.transport.pool import Endpoint, PoolLimits, TargetPool
from vizgate.transport.resolver import Resolver

PoolKey = tuple[Endpoint, PoolLimits]


@dataclass(slots=True)
class GatewayState:
    """The parts that every plan of one gateway shares."""

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
    #: Waits so many seconds.
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    #: Requests of the gateway's own.
    calls: CallerPort = NO_CALLS
    #: Signs what must not be forged, as long as the gateway runs and nobody has given it another key.
    secret: bytes = field(default_factory=lambda: token_bytes(32), repr=False)
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
    # Keyed by service, address and number among equal addresses: each service has its own view of a target.
    targets: dict[tuple[str, str, int], TargetState] = field(default_factory=dict)

    # Keyed by target, or by the name of a service that has one for all of them.
    breakers: dict[TargetState | str, BreakerMachine] = field(default_factory=dict)
    # Keyed by service: requests that began before a reload still take their places.
    bulkheads: dict[str, Bulkhead] = field(default_factory=dict)
    # What traffic and probes have shown, by target; only of those that are looked at.
    watched: dict[TargetState, WatchedTarget] = field(default_factory=dict)
    probe_counts: dict[TargetState, ProbeCount] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.date = HttpDate(self.clock)

    def pool(self, endpoint: Endpoint, limits: PoolLimits) -> TargetPool:
        """The pool of *endpoint*, made when it is asked for first."""
        key = (endpoint, limits)
        if key not in self.pools:
            self.pools[key] = TargetPool(endpoint, limits, self.clock, self.sweeper, self.resolver)
        return self.pools[key]

    def target(self, service: str, address: str, number: int = 1) -> TargetState:
        """What is known about a target of *service*, made when it is asked for first.

        Args: number: 1 for the first target of the service with this address, 2 for the second, ...
        """
        key = (service, address, number)
        if key not in self.targets:
            self.targets[key] = TargetState(service, address, self.clock.monotonic())
        return self.targets[key]

    def breaker(self, key: TargetState | str, settings: BreakerSettings) -> BreakerMachine:
        """The circuit breaker of a target or a service; one that is there goes on by *settings*."""
        if key not in self.breakers:
            self.breakers[key] = BreakerMachine(settings, self.random)
        machine = self.breakers[key]
        machine.adopt(settings)
        return machine

    def bulkhead(self, service: str, limits: BulkheadLimits) -> Bulkhead:
        """The bulkhead of *service*; one that is there goes on by *limits*."""
        if service not in self.bulkheads:
            self.bulkheads[service] = Bulkhead(service, limits, self.clock, self.sweeper)
        bulkhead = self.bulkheads[service]
        bulkhead.adopt(limits)
        return bulkhead

    def watched_target(self, target: TargetState, rule: EjectionRule) -> WatchedTarget:
        """What traffic has shown of *target*; a record that is there goes on by *rule*."""
        if target not in self.watched:
            self.watched[target] = WatchedTarget(target, rule, self.clock)
        watched = self.watched[target]
        watched.record.adopt(rule)
        return watched

    def probe_count(self, target: TargetState, healthy_after: int, unhealthy_after: int) -> ProbeCount:
        """The probes of *target*; a count that is there goes on by these numbers."""
        if target not in self.probe_counts:
            self.probe_counts[target] = ProbeCount(healthy_after, unhealthy_after)
        count = self.probe_counts[target]
        count.adopt(healthy_after, unhealthy_after)
        return count

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
