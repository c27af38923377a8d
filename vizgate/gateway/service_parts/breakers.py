"""Circuit breakers of a service.

In: making their gate, and what an operator may do with them. Not in: the machine (``breaker``).
"""

from __future__ import annotations

from collections.abc import Sequence

from vizgate.breaker.gate import BreakerGate
from vizgate.breaker.machine import BreakerMachine
from vizgate.breaker.shown import ShownBreakers
from vizgate.config.model import ServiceConfig
from vizgate.extension.contract import Context
from vizgate.extension.registry import Registry
from vizgate.gateway.adoption.draft import StateDraft, service_of
from vizgate.gateway.agreement.words import FORCED, BreakerWord, Said
from vizgate.gateway.state import GatewayState
from vizgate.pipeline.target_set import ServiceTarget

# What is older was said before the process started, and is being repeated to it.
_JUST_NOW_S = 5.0


def breakers_of(
    service: ServiceConfig,
    targets: Sequence[ServiceTarget],
    draft: StateDraft,
    context: Context,
    registry: Registry,
) -> BreakerGate | None:
    """The gate of *service*; None when it has no breaker.

    Raises: PluginError: a listener cannot be found.
    """
    states = [target.state for target in targets]
    if service.breaker is None:
        return None
    settings = service.breaker.settings
    shared = service.breaker.scope == "service"
    machines = [draft.breaker(context.name if shared else target, settings) for target in states]
    listeners = [registry.resolve_class(path) for path in service.breaker.listeners]
    shown = ShownBreakers(listeners) if listeners else None
    gate = BreakerGate(states, machines, service.breaker.outcome, context, shown)
    draft.gate(gate)
    return gate


def force_breakers(state: GatewayState, service: str, word: BreakerWord, said_s: float | None = None) -> bool:
    """Keep every breaker of *service* open or closed, or give it back to its rules (``auto``).

    Here at once; gateways of the same store follow (``gateway.agreement``).

    Args: said_s: when it was said, in wall-clock seconds; now by default. What was said a while ago counts only if
    nobody is known to have said anything since.
    Returns: False when the service has none.
    """
    machines = _machines_of(state, service)
    now_s = state.clock.wall()
    if said_s is not None and abs(now_s - said_s) > _JUST_NOW_S:
        if machines and state.breaker_words.learn(service, Said(said_s, word)):
            follow_word(state, service)
        return bool(machines)
    for machine in machines:
        machine.force(FORCED[word], state.clock.monotonic())
    if machines:
        state.breaker_words.say(service, word, now_s if said_s is None else said_s)
    return bool(machines)


def follow_word(state: GatewayState, service: str) -> None:
    """Have the breakers of *service* do what the last word about it says; one that does already is left alone."""
    forced = state.breaker_words.forced(service)
    for machine in _machines_of(state, service):
        if (machine.state if machine.is_forced else None) is not forced:
            machine.force(forced, state.clock.monotonic())


def services_with_breakers(state: GatewayState) -> set[str]:
    """The names of the services that have any."""
    return {service_of(key) for key in state.breakers}


def breaker_states(state: GatewayState, service: str) -> dict[str, str]:
    """The state of each breaker of *service*, by target; "" stands for one of the whole service."""
    return {
        "" if isinstance(key, str) else key.address: machine.state.value + (" (forced)" if machine.is_forced else "")
        for key, machine in state.breakers.items()
        if service_of(key) == service
    }


def _machines_of(state: GatewayState, service: str) -> list[BreakerMachine]:
    return [machine for key, machine in state.breakers.items() if service_of(key) == service]
