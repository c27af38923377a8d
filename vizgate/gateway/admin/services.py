"""What operators see of services, and what they may do with them.

In: services as plain values, draining and enabling targets. Not in: paths and methods (``gateway.admin.api``).
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

from vizgate.gateway.plan import GatewayPlan, ServicePlan
from vizgate.gateway.service_parts.breakers import breaker_states
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.target_set import ServiceTarget
from vizgate.pipeline.target_state import Block, TargetState

_log = logging.getLogger("vizgate.admin")


def services_document(plan: GatewayPlan, state: GatewayState) -> dict[str, Any]:
    """Every service that has targets, for ``GET /services``."""
    return {"services": [service_document(name, plan.services[name], state) for name in plan.services]}


def service_document(name: str, service: ServicePlan, state: GatewayState) -> dict[str, Any]:
    """One service: whether it is available, and its targets."""
    breakers = breaker_states(state, name)
    document: dict[str, Any] = {
        "name": name,
        "available": service.is_available,
        "required": service.is_required,
        "balancer": service.balancer,
        "targets": [target_document(target, service, breakers) for target in service.targets.targets],
    }
    if "" in breakers:
        document["breaker"] = breakers[""]
    return document


def target_document(target: ServiceTarget, service: ServicePlan, breakers: dict[str, str]) -> dict[str, Any]:
    """One target. ``in_flight`` is null where nobody counts, because the service has nothing but a balancer."""
    state = target.state
    document: dict[str, Any] = {
        "target": state.address,
        "weight": target.weight,
        "fit": state.is_fit,
        "blocked": block_names(state.blocks),
        "in_flight": state.in_flight if service.counts_in_flight else None,
    }
    if state.address in breakers:
        document["breaker"] = breakers[state.address]
    return document


def block_names(blocks: Block) -> list[str]:
    """Each reason in *blocks* as people call it: drained, unhealthy, ejected, open."""
    return [block.name.lower() for block in Block if block & blocks and block.name]


def targets_at(service: ServicePlan, address: str) -> list[ServiceTarget]:
    """The targets of *service* at *address*, ``host:port`` or a URL; more than one when it was written twice."""
    address = address.rpartition("://")[2]
    return [target for target in service.targets.targets if target.state.address == address]


def drain(targets: list[ServiceTarget]) -> None:
    """Ask *targets* no more, not even when all others are out; requests that they have already go on, and clients with
    a cookie of theirs come back to them.
    """
    for state in _states(targets):
        if not state.blocks & Block.DRAINED:
            state.block(Block.DRAINED)
            _log.info("service %s: target %s is drained", state.service, state.address)


def enable(targets: list[ServiceTarget], now_s: float) -> None:
    """Undo ``drain``. What else speaks against asking them still does."""
    for state in _states(targets):
        if state.blocks & Block.DRAINED:
            state.unblock(Block.DRAINED, now_s)
            _log.info("service %s: target %s is enabled", state.service, state.address)


def _states(targets: list[ServiceTarget]) -> Iterator[TargetState]:
    return (target.state for target in targets)
