"""How the targets of a service are chosen.

In: making the balancer, what it is told, and affinity. Not in: the rules (``balancer``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vizgate.balancer.affinity.cookie import CookieAffinity
from vizgate.balancer.build import build_balancer
from vizgate.balancer.chance.latency import LatencyWatcher
from vizgate.balancer.config import AnyBalancerConfig
from vizgate.balancer.hashing.key import KeyOf, compile_key
from vizgate.config.model import ServiceConfig
from vizgate.extension.contract import Component, Context
from vizgate.extension.kinds.balancer import Balancer, Member
from vizgate.extension.making import is_foreign
from vizgate.extension.registry import Registry
from vizgate.gateway.isolation.faults import FaultBook
from vizgate.gateway.isolation.guards.balancer import GuardedBalancer
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.attempt import AttemptWatcher
from vizgate.pipeline.target_set import ServiceTarget


@dataclass(frozen=True, slots=True)
class Balancing:
    """A balancer without members, and what it leans on. ``needs_attempts``: whether it is told of attempts."""

    balancer: Balancer
    needs_attempts: bool = False
    key_of: KeyOf | None = None
    watchers: tuple[AttemptWatcher, ...] = ()
    #: To be started and stopped: a rule of one's own.
    components: tuple[Component, ...] = ()


def balancing_of(choice: AnyBalancerConfig, registry: Registry, context: Context, faults: FaultBook) -> Balancing:
    """The balancing by *choice*. Raises: PluginError: a balancer of one's own cannot be found or used."""
    balancer = build_balancer(choice, context, registry)
    plugin = balancer if is_foreign(type(balancer)) else None
    return Balancing(
        balancer if plugin is None else GuardedBalancer(plugin, faults.of(plugin)),
        balancer.wants_load or balancer.wants_latency,
        compile_key(balancer.hash_on, context.random) if balancer.wants_key else None,
        (LatencyWatcher(),) if balancer.wants_latency else (),
        () if plugin is None else (plugin,),
    )


def affinity_of(
    service: ServiceConfig, targets: Sequence[ServiceTarget], state: GatewayState, context: Context
) -> CookieAffinity | None:
    """The affinity of *service*; None when it has none."""
    if service.affinity is None:
        return None
    addresses = [target.state.address for target in targets]
    return CookieAffinity(service.affinity, state.affinity_key, context.name, addresses, state.metrics)


def adopting(balancer: Balancer, targets: tuple[ServiceTarget, ...]) -> Callable[[list[tuple[int, float]]], None]:
    """What gives *balancer* its members."""

    def adopt(members: list[tuple[int, float]]) -> None:
        balancer.update(tuple(Member(index, weight, targets[index].state) for index, weight in members))

    return adopt
