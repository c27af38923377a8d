"""The health of a service's targets.

In: ``HealthParts``, which makes what looks after it, and how targets are selected by it. Not in: the rules
(``health``) and sending probes (``gateway.health.probes``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.balancer.config import AnyBalancerConfig
from vizgate.config.model import ServiceConfig
from vizgate.extension.contract import Context
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.health.probes import ProbeMaker
from vizgate.gateway.http1.target_context import WireTools
from vizgate.health.config import ActiveConfig
from vizgate.health.passive import PassiveHealth
from vizgate.health.prober import ProbedTarget, Prober
from vizgate.health.slow_start import SlowStart
from vizgate.pipeline.target_set import Selection, ServiceTarget, TargetSet
from vizgate.transport.pool import Endpoint
from vizgate.wire.limits import WireLimits


def selection_of(service: ServiceConfig, zone: str) -> Selection:
    """How targets of *service* are chosen among: by their health, and by the *zone* that the gateway is in."""
    health = service.health
    return Selection(zone=zone) if health is None else Selection(health.panic_below, zone, health.slow_start)


def growing_balancer(service: ServiceConfig) -> AnyBalancerConfig:
    """The balancer of *service*: one that looks at weights where a slow start or a source changes them."""
    is_slow = service.health is not None and bool(service.health.slow_start)
    if service.balancer == "round_robin" and (is_slow or service.has_weights):
        # With equal weights it gives the same turns.
        return "weighted"
    return service.balancer


class HealthParts:
    """Makes what looks after the health of targets, and gathers what of it runs in the background."""

    def __init__(self, draft: StateDraft, limits: WireLimits, tools: WireTools) -> None:
        self._draft = draft
        self._state = draft.state
        self._maker = ProbeMaker(draft.state, limits, tools)
        self._probed: list[ProbedTarget] = []
        self._slow_starts: list[SlowStart] = []

    @property
    def background(self) -> tuple[Background, ...]:
        """One that probes, for all services, and one for each service that starts slowly."""
        if not self._probed:
            return tuple(self._slow_starts)
        state = self._state
        context = Context(clock=state.clock, random=state.random, name="health", metrics=state.metrics)
        return (Prober(self._probed, state.sweeper, context), *self._slow_starts)

    def passive(
        self, service: ServiceConfig, targets: Sequence[ServiceTarget], context: Context
    ) -> PassiveHealth | None:
        """What looks at the traffic of *service*; None when nobody asks for it."""
        if service.health is None or service.health.passive is None:
            return None
        rule = service.health.passive.rule
        watching = [self._draft.watched_target(target.state, rule) for target in targets]
        return PassiveHealth(watching, rule, self._state.sweeper, context)

    def add(self, service: ServiceConfig, targets: TargetSet, endpoints: Sequence[Endpoint], context: Context) -> None:
        """Probe *targets*, and let them start slowly, as *service* says."""
        health = service.health
        if health is not None and health.slow_start:
            self._slow_starts.append(SlowStart(targets, health.slow_start, self._state.sweeper, context))
        if health is not None and health.active is not None and self._state.reaches_network:
            hosts = [target.url.authority for target in service.targets]
            for target, endpoint, host in zip(targets.targets, endpoints, hosts, strict=True):
                self._probed.append(self._probe(health.active, target, endpoint, host))

    def _probe(self, active: ActiveConfig, target: ServiceTarget, endpoint: Endpoint, host: str) -> ProbedTarget:
        counted = self._draft.probe_count(target.state, active.healthy_after, active.unhealthy_after)
        port = self._maker.make(active, endpoint, host)
        return ProbedTarget(target.state, port, active.rule, counted, active.interval)
