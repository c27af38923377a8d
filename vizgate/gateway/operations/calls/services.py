"""Services and their targets: looking at them, and taking targets out of use.

In: the documents of services, and the operations ``services``, ``service``, ``drain_target``, ``enable_target``. Not
in: their breakers (``operations.calls.breakers``).
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence

from pydantic import Field

from vizgate.gateway.discovering.gauges import source_document
from vizgate.gateway.operations.operated import Operated
from vizgate.gateway.operations.operation import (
    AnswerModel,
    Arguments,
    Document,
    Key,
    Operation,
    OperationRefused,
    changed,
    merge_changes,
)
from vizgate.gateway.plan import ServicePlan
from vizgate.gateway.service_parts.breakers import breaker_states
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.target_set import ServiceTarget
from vizgate.pipeline.target_state import Block, TargetState

_log = logging.getLogger("vizgate.admin")

#: Of the states that breakers of several workers are in, the one that is told: the last of these.
_WORST = ("closed", "closed (forced)", "half_open", "open", "open (forced)")


class TargetAnswer(AnswerModel):
    """One target of a service."""

    target: str = Field(description="Its address, `host:port`.")
    weight: int = Field(description="Its share among the others.")
    fit: bool = Field(description="Whether nothing speaks against asking it.")
    blocked: list[str] = Field(description="What does: drained, unhealthy, ejected, open, leaving.")
    in_flight: int | None = Field(description="Attempts under way; null where nobody counts them.")
    breaker: str = Field(default="", description="closed, half_open or open, and `(forced)`; absent without one.")


class SourceAnswer(AnswerModel):
    """Where the targets of a service come from. Of several workers, what the one says that knows least."""

    source: str = Field(description="The source.")
    targets: int = Field(description="How many it has given.")
    age_seconds: float | None = Field(description="How old its last good answer is; null without one.")
    error: str | None = Field(description="What is wrong with it now; null when nothing is.")
    failures: int = Field(description="Failures so far.")
    failures_in_a_row: int = Field(description="Of these, since the last good answer.")


class ServiceAnswer(AnswerModel):
    """One service."""

    name: str = Field(description="Its name.")
    available: bool = Field(description="Whether any target may be asked.")
    required: bool = Field(description="Whether readiness depends on it.")
    balancer: str = Field(description="How targets are chosen.")
    targets: list[TargetAnswer] = Field(description="Its targets.")
    breaker: str = Field(default="", description="The state of a breaker for the whole service.")
    discovery: SourceAnswer | None = Field(default=None, description="Where its targets come from; absent without.")


class ServicesAnswer(AnswerModel):
    """All services."""

    services: list[ServiceAnswer] = Field(description="Those that have targets, in the order of the configuration.")


def service_document(name: str, service: ServicePlan, state: GatewayState) -> Document:
    """One service: whether it is available, and its targets."""
    breakers = breaker_states(state, name)
    document: Document = {
        "name": name,
        "available": service.is_available,
        "required": service.is_required,
        "balancer": service.balancer,
        "targets": [_target_document(target, service, breakers) for target in service.targets.targets],
    }
    if "" in breakers:
        document["breaker"] = breakers[""]
    if service.feed is not None:
        document["discovery"] = source_document(service.feed)
    return document


def _target_document(target: ServiceTarget, service: ServicePlan, breakers: dict[str, str]) -> Document:
    state = target.state
    document: Document = {
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
    """Each reason in *blocks* as people call it: drained, unhealthy, ejected, open, leaving."""
    return [block.name.lower() for block in Block if block & blocks and block.name]


def named_service(gateway: Operated, name: str) -> ServicePlan:
    """The service called *name*. Raises: OperationRefused: there is none, or it has no targets."""
    service = gateway.plan.services.get(name)
    if service is None:
        raise OperationRefused(404, "no service with targets has this name; GET /services lists them")
    return service


async def _services(gateway: Operated, arguments: Arguments) -> Document:  # noqa: ARG001  # see ``Perform``
    services = gateway.plan.services
    return {"services": [service_document(name, services[name], gateway.state) for name in services]}


async def _service(gateway: Operated, arguments: Arguments) -> Document:
    name = arguments["service"]
    return service_document(name, named_service(gateway, name), gateway.state)


async def _drain(gateway: Operated, arguments: Arguments) -> Document:
    """Ask its targets no more, not even when all others are out; requests that they have already go on, and clients
    with a cookie of theirs come back to them.
    """
    return _switch(gateway, arguments, drain=True)


async def _enable(gateway: Operated, arguments: Arguments) -> Document:
    return _switch(gateway, arguments, drain=False)


def _switch(gateway: Operated, arguments: Arguments, *, drain: bool) -> Document:
    name, drained = arguments["service"], gateway.state.drained
    service = named_service(gateway, name)
    address = _address_of(arguments)
    states = [target.state for target in service.targets.targets if target.state.address == address]
    if drain and states:
        drained.add(name, address)
    elif drain or not (drained.discard(name, address) or states):
        raise OperationRefused(404, "the service has no target with this address; GET /services lists them")
    before = _blocked(states)
    for state in states:
        if drain and not state.blocks & Block.DRAINED:
            state.block(Block.DRAINED)
            _log.info("service %s: target %s is drained", name, state.address)
        elif not drain and state.blocks & Block.DRAINED:
            state.unblock(Block.DRAINED, gateway.state.clock.monotonic())
            _log.info("service %s: target %s is enabled", name, state.address)
    return changed(before, _blocked(states), service_document(name, service, gateway.state))


def _address_of(arguments: Arguments) -> str:
    """The ``host:port`` of the target, which may be named by its URL, too."""
    address: str = arguments["target"].rpartition("://")[2]
    return address


def _drain_later(gateway: Operated, arguments: Arguments) -> None:
    gateway.state.drained.add(arguments["service"], _address_of(arguments))


def _blocked(states: Sequence[TargetState]) -> dict[str, list[str]]:
    return {"blocked": sorted({name for state in states for name in block_names(state.blocks)})}


def _standing(arguments: Arguments) -> Key:
    return ("target", arguments["service"], _address_of(arguments))


def merge_service(documents: Sequence[Document]) -> Document:
    """One service as several workers see it: a target is fit where all may ask it; what is in flight is in all."""
    merged = dict(documents[0])
    merged["available"] = any(document["available"] for document in documents)
    merged["targets"] = [_merge_target(same) for same in _same_targets(documents)]
    sources = [document["discovery"] for document in documents if "discovery" in document]
    if sources:
        merged["discovery"] = _merge_sources(sources)
    return _with_breaker(merged, documents)


def _same_targets(documents: Sequence[Document]) -> list[list[Document]]:
    """Each target as all workers see it that have it: their sources need not agree at every moment."""
    found: dict[tuple[str, int], list[Document]] = {}
    for document in documents:
        seen: Counter[str] = Counter()
        for target in document["targets"]:
            address = target["target"]
            seen[address] += 1
            found.setdefault((address, seen[address]), []).append(target)
    return list(found.values())


def _merge_sources(sources: Sequence[Document]) -> Document:
    oldest = max(sources, key=lambda source: float("inf") if source["age_seconds"] is None else source["age_seconds"])
    return {**oldest, "failures": sum(source["failures"] for source in sources)}


def _merge_target(documents: Sequence[Document]) -> Document:
    merged = dict(documents[0])
    counts = [document["in_flight"] for document in documents]
    merged["in_flight"] = None if None in counts else sum(counts)
    merged["fit"] = all(document["fit"] for document in documents)
    merged["blocked"] = [
        name for name in block_names(~Block.NONE) if any(name in document["blocked"] for document in documents)
    ]
    return _with_breaker(merged, documents)


def _with_breaker(merged: Document, documents: Sequence[Document]) -> Document:
    states = [document["breaker"] for document in documents if "breaker" in document]
    if states:
        merged["breaker"] = max(states, key=_WORST.index)
    return merged


def _merge_services(documents: Sequence[Document]) -> Document:
    return {"services": [merge_service(same) for same in zip(*[d["services"] for d in documents], strict=False)]}


_NO_SERVICE = "No service with targets has this name."
_NO_TARGET = "No service has this name, or it has no target with this address."

SERVICE_OPERATIONS: tuple[Operation, ...] = (
    Operation(
        name="services",
        method="GET",
        path="/services",
        summary="Every service that has targets, and how fit each target is.",
        perform=_services,
        answer=ServicesAnswer,
        merge=_merge_services,
    ),
    Operation(
        name="service",
        method="GET",
        path="/services/{service}",
        summary="One service.",
        perform=_service,
        answer=ServiceAnswer,
        merge=merge_service,
        refusals={404: _NO_SERVICE},
    ),
    Operation(
        name="drain_target",
        method="POST",
        path="/services/{service}/targets/{target+}/drain",
        summary="Ask a target no more.",
        description="Not even when all others are out. Requests that it has already go on, and clients whose affinity "
        "cookie names it come back to it. It survives reloads, and that discovery loses the target for a while.",
        perform=_drain,
        later=_drain_later,
        answer=ServiceAnswer,
        merge=merge_changes(merge_service),
        is_change=True,
        standing=_standing,
        refusals={404: _NO_TARGET},
    ),
    Operation(
        name="enable_target",
        method="POST",
        path="/services/{service}/targets/{target+}/enable",
        summary="Undo `drain`.",
        description="What else speaks against asking the target still does.",
        perform=_enable,
        answer=ServiceAnswer,
        merge=merge_changes(merge_service),
        is_change=True,
        standing=_standing,
        is_undo=True,
        refusals={404: _NO_TARGET},
    ),
)
