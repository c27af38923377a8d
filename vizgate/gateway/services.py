"""Compiles services: targets, their connections and state, the balancer, and what else a service has.

In: ``ServiceBuilder``. Not in: routes (``gateway.build``) and the parts themselves.
"""

from __future__ import annotations

import ssl
from collections import Counter
from collections.abc import Collection, Generator, Sequence

from vizgate.balancer.config import told
from vizgate.config.model import ServiceConfig, TargetConfig
from vizgate.extension.contract import Component, Context
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.background import Background
from vizgate.gateway.adoption.draft import StateDraft
from vizgate.gateway.health.parts import HealthParts, growing_balancer, selection_of
from vizgate.gateway.http1.target import Http1Target
from vizgate.gateway.http1.target_context import TargetSettings, UpstreamTimeouts, WireTools
from vizgate.gateway.plan import ServicePlan
from vizgate.gateway.service_parts.balancing import adopting, affinity_of, balancing_of
from vizgate.gateway.service_parts.breakers import breakers_of
from vizgate.gateway.service_parts.bulkheads import bulkhead_of
from vizgate.gateway.service_parts.retries import response_timeout_s, retries_of
from vizgate.gateway.stepping import done
from vizgate.pipeline.forward import Forwarder
from vizgate.pipeline.handler import Handler
from vizgate.pipeline.service import ServiceForwarder, ServicePolicies
from vizgate.pipeline.target_set import ServiceTarget, TargetSet
from vizgate.transport.pool import Endpoint, PoolLimits
from vizgate.transport.tls import UpstreamTls
from vizgate.wire.limits import WireLimits

# Targets that are made in one step: about a millisecond.
_STEP = 100


class ServiceBuilder:
    """Makes the handlers of services that share *draft*, *limits* and *tools*.

    Args: registry: where balancers are found. zone: where the gateway is, "" when nobody says.
    """

    def __init__(
        self, draft: StateDraft, limits: WireLimits, tools: WireTools, registry: Registry, *, zone: str = ""
    ) -> None:
        self._draft = draft
        self._limits = limits
        self._tools = tools
        self._registry = registry
        self._zone = zone
        self._health = HealthParts(draft, limits, tools)
        #: To be started: balancing rules of one's own.
        self.components: list[Component] = []
        #: Of the services built so far, by name.
        self.plans: dict[str, ServicePlan] = {}

    @property
    def background(self) -> tuple[Background, ...]:
        """What looks after the services built so far."""
        return self._health.background

    def build(self, name: str, service: ServiceConfig, leaving: Collection[str] = ()) -> Handler:
        """What forwards requests to *service*. Args: leaving: addresses of targets that are about to end.

        Raises: TlsFailed: its certificates cannot be used. PluginError: its balancer cannot be found or used.
        """
        return done(self.build_steps(name, service, leaving))

    def build_steps(
        self, name: str, service: ServiceConfig, leaving: Collection[str] = ()
    ) -> Generator[None, None, Handler]:
        """As ``build``, in many small steps: a thousand targets take tens of milliseconds."""
        draft, state = self._draft, self._draft.state
        context = Context(clock=state.clock, random=state.random, name=name, metrics=state.metrics)
        balancing = balancing_of(growing_balancer(service), self._registry, context, state.faults)
        self.components += balancing.components
        balancer = balancing.balancer
        endpoints = _endpoints(service, self._context(name, service))
        yield
        targets = yield from self._targets(name, service, endpoints)
        selection = selection_of(service, self._zone)
        chosen = TargetSet(targets, selection, state.clock.monotonic, adopting(balancer, targets))
        draft.target_set(chosen)
        yield
        draft.leaving(target.state for target in targets if target.state.address in leaving)
        gate = breakers_of(service, targets, draft, context, self._registry)
        yield
        passive = self._health.passive(service, targets, context)
        yield
        self._health.add(service, chosen, endpoints, context)
        yield
        affinity = affinity_of(service, targets, state, context)
        yield
        policies = ServicePolicies(
            total_s=service.timeouts.total,
            gate=gate,
            key_of=balancing.key_of,
            watchers=(*balancing.watchers, *(watcher for watcher in (gate, passive) if watcher is not None)),
            affinity=affinity,
            retry=retries_of(service, context),
            bulkhead=bulkhead_of(name, service, draft),
            deadline_header=service.timeouts.deadline_header or "",
        )
        is_plain = policies == ServicePolicies(total_s=policies.total_s) and not balancing.needs_attempts
        self.plans[name] = ServicePlan(
            chosen,
            told(service.balancer),
            is_required=service.required,
            counts_in_flight=not is_plain,
            is_watched=gate is not None or service.health is not None,
        )
        if is_plain:
            return Forwarder(name, chosen, balancer, state.clock, total_s=policies.total_s)
        return ServiceForwarder(name, chosen, balancer, policies, state.clock, state.sleep)

    def _context(self, name: str, service: ServiceConfig) -> ssl.SSLContext | None:
        if not any(target.url.scheme == "https" for target in service.targets):
            return None
        tls = service.tls
        paths = [None if path is None else str(path) for path in (tls.ca, tls.cert, tls.key)]
        return self._draft.context(name, UpstreamTls(tls.verify, *paths))

    def _targets(
        self, name: str, service: ServiceConfig, endpoints: Sequence[Endpoint]
    ) -> Generator[None, None, tuple[ServiceTarget, ...]]:
        seen: Counter[str] = Counter()
        targets = []
        for target, endpoint in zip(service.targets, endpoints, strict=True):
            seen[str(endpoint)] += 1
            state = self._draft.target(name, str(endpoint), seen[str(endpoint)])
            port = self._port(name, service, target, endpoint)
            targets.append(ServiceTarget(port, state, target.weight, target.priority, target.zone))
            if not len(targets) % _STEP:
                yield
        return tuple(targets)

    def _port(self, name: str, service: ServiceConfig, target: TargetConfig, endpoint: Endpoint) -> Http1Target:
        timeouts = UpstreamTimeouts(service.timeouts.connect, response_timeout_s(service), service.timeouts.idle)
        settings = TargetSettings(str(endpoint), _host_of(service, target), timeouts, self._limits)
        limits = PoolLimits(service.pool.max_idle, service.pool.idle_timeout)
        # A connection is read as its reader was made.
        manner = (self._tools.codec.name, self._tools.sorter.rules, self._limits)
        pool = self._draft.pool(name, endpoint, limits, manner)
        return Http1Target(settings, pool, self._draft.state.metrics.target(name, str(endpoint)), self._tools)


def _endpoints(service: ServiceConfig, context: ssl.SSLContext | None) -> tuple[Endpoint, ...]:
    """Where the targets of *service* are, in its order."""
    endpoints = []
    for target in service.targets:
        url = target.url
        secure = url.scheme == "https"
        name = target.server_name or service.tls.server_name if secure else None
        endpoints.append(Endpoint(url.host, url.port, context if secure else None, name, url.unix_path))
    return tuple(endpoints)


def _host_of(service: ServiceConfig, target: TargetConfig) -> bytes | None:
    if service.host_header == "preserve":
        return None
    if service.host_header == "target":
        return target.url.authority.encode("latin-1")
    return service.host_header.encode("latin-1")
