"""What a plan that is being compiled wants of the state that outlives plans.

In: ``StateDraft``: what is there already or made anew, and taking it over. Not in: the state (``gateway.state``),
compiling (``gateway.build``).

Nothing that serves notices a draft. Only when it is adopted, settings change, what is new comes in, and what no plan
names any more is let go of; a draft that is dropped leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping
from functools import partial
from ssl import SSLContext
from typing import TypeVar

from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import BreakerMachine, BreakerSettings
from vizgate.discovery.feed import Feed
from vizgate.extension.store import Store
from vizgate.gateway.adoption.kept_draft import KeptDraft
from vizgate.gateway.state import ContextKey, GatewayState, PoolKey, TargetKey
from vizgate.health.ejection import EjectionRule
from vizgate.health.passive import WatchedTarget
from vizgate.health.probe_count import ProbeCount
from vizgate.overload.bulkhead import Bulkhead, BulkheadLimits
from vizgate.pipeline.target_set import TargetSet
from vizgate.pipeline.target_state import Block, TargetState, block_all, unblock_all
from vizgate.transport.certificates.mark import mark_of
from vizgate.transport.pool import Endpoint, PoolLimits, TargetPool
from vizgate.transport.tls import UpstreamTls, upstream_context

_K = TypeVar("_K", bound=Hashable)
_V = TypeVar("_V")


class StateDraft:
    """Args: services: the only ones that it is about; None for all, and then it is about everything that is kept.

    ``store``: what the components of the plan count in.
    """

    def __init__(self, state: GatewayState, services: Collection[str] | None = None) -> None:
        self.state = state
        self.store: Store = state.store
        self.kept = KeptDraft(state.kept)
        self._services = None if services is None else frozenset(services)
        self._pools: dict[PoolKey, TargetPool] = {}
        self._pool_users: dict[str, set[PoolKey]] = {}
        self._contexts: dict[ContextKey, SSLContext] = {}
        self._targets: dict[TargetKey, TargetState] = {}
        self._breakers: dict[TargetState | str, BreakerMachine] = {}
        self._bulkheads: dict[str, Bulkhead] = {}
        self._watched: dict[TargetState, WatchedTarget] = {}
        self._probe_counts: dict[TargetState, ProbeCount] = {}
        self._gates: list[BreakerGate] = []
        self._sets: list[TargetSet] = []
        self._feeds: dict[str, Feed] = {}
        self._leaving: set[TargetState] = set()
        #: What is there already, and goes on by other settings.
        self._changes: list[Callable[[], None]] = []

    # What a plan asks for.

    def pool(self, service: str, endpoint: Endpoint, limits: PoolLimits, manner: Hashable = None) -> TargetPool:
        """The connections of *service* to *endpoint*. Args: manner: how answers on them are read."""
        key = (endpoint, limits, manner)
        self._pool_users.setdefault(service, set()).add(key)
        found = self._pools.get(key) or self.state.pools.get(key) or self.state.new_pool(endpoint, limits)
        self._pools[key] = found
        return found

    def context(self, service: str, settings: UpstreamTls) -> SSLContext:
        """What connections of *service* are secured by; another one when a file has changed.

        Raises: TlsFailed: a file cannot be used.
        """
        paths = (settings.ca, settings.cert, settings.key)
        key = (service, settings, tuple(mark_of(path) for path in paths if path is not None))
        found = self._contexts.get(key) or self.state.contexts.get(key) or upstream_context(settings)
        self._contexts[key] = found
        return found

    def target(self, service: str, address: str, number: int = 1) -> TargetState:
        """What is known about a target of *service*.

        Args: number: 1 for the first target of the service with this address, 2 for the second, ...
        """
        key = (service, address, number)
        found = self._targets.get(key) or self.state.targets.get(key)
        if found is None:
            found = TargetState(service, address, self.state.clock.monotonic())
            if self.state.drained.has(service, address):
                found.block(Block.DRAINED)
        self._targets[key] = found
        return found

    def breaker(self, key: TargetState | str, settings: BreakerSettings) -> BreakerMachine:
        """The circuit breaker of a target or a service."""
        found = self._breakers.get(key) or self.state.breakers.get(key)
        if found is None:
            found = BreakerMachine(settings, self.state.random)
        else:
            self._changes.append(partial(found.adopt, settings))
        self._breakers[key] = found
        return found

    def bulkhead(self, service: str, limits: BulkheadLimits) -> Bulkhead:
        """The bulkhead of *service*: requests that began before a reload still take their places."""
        state = self.state
        found = state.bulkheads.get(service) or Bulkhead(service, limits, state.clock, state.sweeper)
        self._changes.append(partial(found.adopt, limits))
        self._bulkheads[service] = found
        return found

    def watched_target(self, target: TargetState, rule: EjectionRule) -> WatchedTarget:
        """What traffic has shown of *target*."""
        found = self.state.watched.get(target) or WatchedTarget(target, rule, self.state.clock)
        self._changes.append(partial(found.record.adopt, rule))
        self._watched[target] = found
        return found

    def probe_count(self, target: TargetState, healthy_after: int, unhealthy_after: int) -> ProbeCount:
        """The probes of *target*."""
        found = self.state.probe_counts.get(target) or ProbeCount(healthy_after, unhealthy_after)
        self._changes.append(partial(found.adopt, healthy_after, unhealthy_after))
        self._probe_counts[target] = found
        return found

    def gate(self, gate: BreakerGate) -> None:
        """Have *gate* told about its breakers once this is adopted."""
        self._gates.append(gate)

    def target_set(self, targets: TargetSet) -> None:
        """Have *targets* told about its states once this is adopted."""
        self._sets.append(targets)

    def feed(self, service: str, feed: Feed) -> None:
        """Have *feed* found again as the source of *service*."""
        self._feeds[service] = feed

    def leaving(self, targets: Iterable[TargetState]) -> None:
        """Have no new clients sent to *targets*, which are about to end."""
        self._leaving.update(targets)

    # What becomes of it.

    def adopt(self) -> None:
        """Make it the state; to be called once, and it cannot fail."""
        state = self.state
        state.adoptions += 1
        for change in self._changes:
            change()
        self._let_go()
        self._take_pools()
        state.contexts = self._merged(state.contexts, self._contexts)
        state.targets = self._merged(state.targets, self._targets)
        state.breakers = self._merged(state.breakers, self._breakers)
        state.bulkheads = self._merged(state.bulkheads, self._bulkheads)
        state.watched = self._merged(state.watched, self._watched)
        state.probe_counts = self._merged(state.probe_counts, self._probe_counts)
        state.feeds = self._merged(state.feeds, self._feeds)
        if self._services is None:
            state.store = self.store
            self.kept.adopt()
        self._follow_words()
        self._lift_blocks()
        for gate in self._gates:
            gate.watch()
        for targets in self._sets:
            targets.attach()

    def release(self) -> None:
        """Let go of the states, which outlive the plan: nobody asks it for targets any more."""
        for targets in self._sets:
            targets.release()

    def _let_go(self) -> None:
        """Of what looks after targets, and is not asked for any more. Requests of an earlier plan may still lead to
        it: what it finds out from now on must not leave anybody out, because nobody would bring them back.
        """
        state = self.state
        for key, machine in state.breakers.items():
            if self._is_left(key, self._breakers):
                machine.changed.clear()
        for target, watched in state.watched.items():
            if self._is_left(target, self._watched):
                watched.release(state.sweeper)
        for target, count in state.probe_counts.items():
            if self._is_left(target, self._probe_counts):
                count.release()

    def _take_pools(self) -> None:
        state = self.state
        users = {service: frozenset(keys) for service, keys in self._pool_users.items()}
        state.pool_users = self._merged(state.pool_users, users)
        named = frozenset[PoolKey]().union(*state.pool_users.values())
        pools = {**state.pools, **self._pools}
        state.pools = {key: pool for key, pool in pools.items() if key in named}
        for key, pool in pools.items():
            if key not in named:
                pool.close()

    def _follow_words(self) -> None:
        """What an operator has said about a service holds for its new breakers, also when he said it a moment ago."""
        for key, machine in self._breakers.items():
            forced = self.state.breaker_words.forced(service_of(key))
            if forced is not None and not machine.is_forced:
                machine.force(forced, self.state.clock.monotonic())

    def _lift_blocks(self) -> None:
        gated = {target for gate in self._gates for target in gate.states}
        now_s = self.state.clock.monotonic()
        for block, kept in (
            (Block.OPEN, gated),
            (Block.EJECTED, self._watched.keys()),
            (Block.UNHEALTHY, self._probe_counts.keys()),
            (Block.LEAVING, self._leaving),
        ):
            # Most have none, and to ask for one of them is slow.
            blocked = (target for target in self._targets.values() if target.blocks and target not in kept)
            freed = [target for target in blocked if target.blocks & block]
            unblock_all(freed, block, now_s)
        block_all(self._leaving, Block.LEAVING)

    def _is_left(self, key: object, asked: Mapping[_K, object]) -> bool:
        return key not in asked and self._is_mine(key)

    def _merged(self, before: Mapping[_K, _V], asked: Mapping[_K, _V]) -> dict[_K, _V]:
        others = {} if self._services is None else {k: v for k, v in before.items() if not self._is_mine(k)}
        return {**others, **asked}

    def _is_mine(self, key: object) -> bool:
        return self._services is None or service_of(key) in self._services

    def __repr__(self) -> str:
        whose = "all" if self._services is None else ", ".join(sorted(self._services))
        return f"<StateDraft for {whose} [{len(self._targets)} targets, {len(self._pools)} pools]>"


def service_of(key: object) -> str:
    """The service that something is kept for, by its key."""
    if isinstance(key, TargetState):
        return key.service
    return key[0] if isinstance(key, tuple) else str(key)
